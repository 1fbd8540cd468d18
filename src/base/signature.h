/*
 * signature.h - signs callbacks as Twilio does (contracts: twilio B.3,
 * X-Twilio-Signature).
 */
#ifndef BASE_SIGNATURE_H
#define BASE_SIGNATURE_H

#define SIGNATURE_TEXT 32 /* base64 of 20 bytes, and a NUL */

/*
 * HMAC-SHA1, keyed with TOKEN, over the URL and the parameters of FORM
 * ("a=1&b=2", encoded; NULL for GET: the URL alone), sorted by name. A
 * parameter that comes several times counts once for each different value.
 */
void signature_make(const char *token, const char *url, const char *form,
		    char ret[static SIGNATURE_TEXT]);

#endif
