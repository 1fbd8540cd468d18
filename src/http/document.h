/*
 * document.h - serves the documents about the operations (meta/document.h): GET
 * and HEAD, for everybody.
 */
#ifndef HTTP_DOCUMENT_H
#define HTTP_DOCUMENT_H

#include "http/request.h"
#include "http/response.h"
#include "meta/document.h"

/*
 * The document that the request's path names, or NULL. Fills in RQ what comes
 * from the request.
 */
const struct document *document_of(const struct request *request, struct document_request *rq);

/* Answers with it into R; -1: ERR_METHOD, or why it can't be written. */
int document_answer(const struct document *d, const struct request *request,
		    struct document_request *rq, struct response *r, struct error *err);

#endif
