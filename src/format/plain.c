#include "format/plain.h"

#include "base/utf8.h"

#include "base/banned.h"

void plain_add(struct strbuf *out, const char *text, size_t len)
{
	if (utf8_plain(text, len)) {
		strbuf_addn(out, text, len);
		return;
	}
	while (len > 0) {
		size_t step = utf8_step(text, len);

		if (step > 0 && utf8_plain(text, step))
			strbuf_addn(out, text, step);
		else if (*text == '\n' || *text == '\t')
			strbuf_addc(out, ' ');
		else
			strbuf_add(out, "\xEF\xBF\xBD");
		step += step == 0;
		text += step;
		len -= step;
	}
}
