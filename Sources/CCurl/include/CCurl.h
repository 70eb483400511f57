#pragma once
#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call:
   here is one function per kind of argument. Options of the wrong kind are
   refused with CURLE_UNKNOWN_OPTION before they reach libcurl. */

typedef size_t (*birlik_curl_receive)(char *data, size_t size, size_t count, void *context);
typedef int (*birlik_curl_progress)(
    void *context, curl_off_t download_total, curl_off_t download_now, curl_off_t upload_total,
    curl_off_t upload_now);

CURLcode birlik_curl_global_init(void);

CURLcode birlik_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode birlik_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode birlik_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode birlik_curl_set_pointer(CURL *handle, CURLoption option, const void *value);
CURLcode birlik_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode birlik_curl_set_receive(CURL *handle, CURLoption option, birlik_curl_receive function);
CURLcode birlik_curl_set_progress(CURL *handle, birlik_curl_progress function);

CURLcode birlik_curl_get_long(CURL *handle, CURLINFO info, long *value);
