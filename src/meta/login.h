/*
 * login.h - the page where people sign in; its form goes to the operation
 * Authenticate. Parameters: redirect, where to go then; failed, why the page is
 * shown again.
 */
#ifndef META_LOGIN_H
#define META_LOGIN_H

#include "meta/document.h"

int login_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
