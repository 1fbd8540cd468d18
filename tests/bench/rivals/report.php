<?php
// report.php - usage by day, as in Twilio's API, from plain tables (tables.sql) with PHP-FPM and SQLite: one of the programs that usaged is measured
// against. RIVAL_DATABASE is the file.
declare(strict_types=1);

const LINKS = ['all_time' => 'AllTime', 'today' => 'Today', 'yesterday' => 'Yesterday', 'this_month' => 'ThisMonth', 'last_month' => 'LastMonth',
	'daily' => 'Daily', 'monthly' => 'Monthly', 'yearly' => 'Yearly'];
const DAY_SECONDS = 86400;

function query(PDO $db, string $sql, array $values, int $mode): array
{
	$statement = $db->prepare($sql);
	$statement->execute($values);
	return $statement->fetchAll($mode);
}

function respond(PDO $db): array
{
	if (!preg_match('~^/2010-04-01/Accounts/(AC[0-9a-f]{32})/Usage/Records/Daily\.json$~', $_SERVER['PATH_INFO'], $path)) {
		return [404, ['code' => 20404, 'message' => 'There is no such page']];
	}
	$account = query($db, 'SELECT id, sid, currency, first_day FROM account WHERE sid = ?', [$path[1]], PDO::FETCH_ASSOC)[0] ?? null;
	if (!$account) {
		return [404, ['code' => 20404, 'message' => 'There is no such page']];
	}
	$keys = query($db, 'SELECT account FROM key WHERE hash = ?', [hash('sha256', $_SERVER['PHP_AUTH_PW'] ?? '')], PDO::FETCH_COLUMN);
	if ($keys !== [$account['id']]) {
		return [401, ['code' => 20003, 'message' => 'Sign in']];
	}
	$size = (int)($_GET['PageSize'] ?? 50);
	$page = (int)($_GET['Page'] ?? 0);
	if ($size < 1 || $size > 1000 || $page < 0) {
		return [400, ['code' => 20001, 'message' => 'PageSize or Page is out of range']];
	}
	return [200, daily($db, $account, $page, $size)];
}

// The days come newest first, and each has all categories.
function daily(PDO $db, array $account, int $page, int $size): array
{
	$categories = query($db, 'SELECT c.id, c.name, c.description, c.count_unit, c.usage_unit FROM listed l JOIN category c ON c.id = l.category
		WHERE l.account = ? ORDER BY c.name', [$account['id']], PDO::FETCH_ASSOC);
	$n = count($categories);
	$today = intdiv(time(), DAY_SECONDS);
	$start = $page * $size;
	$all = ($today - $account['first_day'] + 1) * $n;
	$end = min($start + $size, $all);
	$sums = [];
	foreach (query($db, 'SELECT day, category, sum(count) AS count, sum(usage) AS usage, sum(price) AS price FROM sums
		WHERE account IN (SELECT id FROM account WHERE id = :account OR parent = :account) AND day BETWEEN :from AND :to GROUP BY day, category',
		['account' => $account['id'], 'from' => $today - intdiv($end - 1, $n), 'to' => $today - intdiv($start, $n)], PDO::FETCH_ASSOC) as $sum) {
		$sums[$sum['day']][$sum['category']] = $sum;
	}

	$base = "/2010-04-01/Accounts/$account[sid]/Usage/Records/";
	$uri = fn(int $number): string => "{$base}Daily.json?PageSize=$size&Page=$number";
	$links = [];
	$as_of = gmdate('Y-m-d\TH:i:s+00:00');
	$records = [];
	for ($row = $start; $row < $end; $row++) {
		$category = $categories[$row % $n];
		$name = $category['name'];
		$day = $today - intdiv($row, $n);
		$date = gmdate('Y-m-d', $day * DAY_SECONDS);
		$sum = $sums[$day][$category['id']] ?? ['count' => 0, 'usage' => 0, 'price' => 0];
		$total = $name === 'totalprice';
		$price = decimal($sum['price'], 1000000000);
		$records[] = [
			'category' => $name,
			'description' => $category['description'],
			'account_sid' => $account['sid'],
			'start_date' => $date,
			'end_date' => $date,
			'as_of' => $as_of,
			'count' => $total ? null : (string)$sum['count'],
			'count_unit' => $category['count_unit'],
			'usage' => (string)($total ? $price : decimal($sum['usage'], 1000000)),
			'usage_unit' => $total ? $account['currency'] : $category['usage_unit'],
			'price' => $price,
			'price_unit' => $account['currency'],
			'api_version' => '2010-04-01',
			'uri' => "{$base}Daily.json?Category=$name&StartDate=$date&EndDate=$date",
			'subresource_uris' => $links[$name] ??= array_map(fn(string $path): string => "$base$path.json?Category=$name", LINKS),
		];
	}
	return [
		'page' => $page,
		'page_size' => $size,
		'uri' => $uri($page),
		'first_page_uri' => $uri(0),
		'previous_page_uri' => $page > 0 ? $uri($page - 1) : null,
		'next_page_uri' => $end < $all ? $uri($page + 1) : null,
		'start' => $start,
		'end' => $end - 1,
		'usage_records' => $records,
	];
}

// 2.5 rather than 2.50, and 2 rather than 2.0
function decimal(int $n, int $scale): int|float
{
	return $n / $scale;
}

$db = new PDO('sqlite:' . $_SERVER['RIVAL_DATABASE'], null, null, [PDO::ATTR_PERSISTENT => true, PDO::ATTR_EMULATE_PREPARES => false,
	PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::SQLITE_ATTR_OPEN_FLAGS => PDO::SQLITE_OPEN_READONLY]);
$db->exec('PRAGMA mmap_size = 268435456');
[$status, $answer] = respond($db);
$body = json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
http_response_code($status);
header('Content-Type: application/json');
header('Content-Length: ' . strlen($body));
echo $body;
