/*
 * banned.h - functions that have a safer neighbour here fail to compile.
 * Included last by the files of this program.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok localtime gmtime ctime asctime atoi \
	atol atof

#endif
