/*
 * ui.h - pages to read about and try every operation of every dialect. The
 * pages are plain forms. The script www/explorer.js adds methods, bodies and
 * tokens, and shows the answer beside the request.
 */
#ifndef META_UI_H
#define META_UI_H

#include "meta/document.h"

/* /ui */
int ui_write_index(struct request *rq, struct strbuf *out, struct error *err);

/* /ui/{operation} */
int ui_write_operation(struct request *rq, struct strbuf *out, struct error *err);

/*
 * /ui/{operation}/send: the form's target without the script. Redirects to the
 * operation's URL with the form's values.
 */
int ui_send(struct request *rq, struct strbuf *out, struct error *err);

#endif
