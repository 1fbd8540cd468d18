#include "base/json_objects.h"

#include "base/banned.h"

bool json_objects_exceed(const char *text, size_t len, size_t most)
{
	bool in_string = false;
	size_t n = 0;

	/* each takes two brackets */
	if (len / 2 <= most)
		return false;
	for (size_t i = 0; i < len && n <= most; i++) {
		if (text[i] == '\\' && in_string)
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string)
			n += text[i] == '{' || text[i] == '[';
	}
	return n > most;
}
