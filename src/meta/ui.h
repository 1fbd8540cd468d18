/*
 * ui.h - pages to read about every operation of every family, and to try it.
 * They work as plain forms; the script www/explorer.js adds other verbs, bodies
 * and tokens, and shows the answer beside the question.
 */
#ifndef META_UI_H
#define META_UI_H

#include "meta/document.h"

/* /ui */
int ui_write_index(struct request *rq, struct strbuf *out, struct error *err);

/* /ui/{operation} */
int ui_write_operation(struct request *rq, struct strbuf *out, struct error *err);

/*
 * /ui/{operation}/send: where the form leads without the script: a redirect to
 * the operation's own address, with what was filled in.
 */
int ui_send(struct request *rq, struct strbuf *out, struct error *err);

#endif
