/*
 * banned.h - makes the use of unsafe C functions a compile error. Include it
 * last in every file.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok localtime gmtime ctime asctime atoi \
	atol atof

#endif
