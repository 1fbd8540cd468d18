/*
 * login.h - the sign-in page. Its form calls Authenticate. Parameters:
 * redirect, the page to show afterwards; failed, why the page is shown again.
 */
#ifndef META_LOGIN_H
#define META_LOGIN_H

#include "meta/document.h"

int login_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
