#include "meta/login.h"

#include <string.h>

#include "format/layout.h"
#include "format/tree.h"
#include "base/banned.h"

static const struct {
	const char *why, *words;
} failures[] = { { "password", "No user has this name and password." },
		 { "empty", "Please enter your name and your password." },
		 { "wait",
		   "There were too many wrong passwords. Please wait a moment and try again." },
		 { NULL, NULL } };

int login_write(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *data = json_object_new_object();
	const char *failed = document_param(rq, "failed"),
		   *redirect = document_param(rq, "redirect");

	for (int i = 0; failed && failures[i].why; i++)
		if (strcmp(failed, failures[i].why) == 0)
			tree_text(data, "failed", failures[i].words);
	tree_text(data, "redirect", redirect ? redirect : "/");
	return layout_page(&rq->options, "login", "Sign in", data, out, err);
}
