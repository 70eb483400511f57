#include "CCurl.h"

/* The names in parentheses go past the type-checking macros of curl.h, which
   want constant options. */

static int is_kind(CURLoption option, int kind) { return (int)option / 10000 * 10000 == kind; }

CURLcode birlik_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

CURLcode birlik_curl_set_long(CURL *handle, CURLoption option, long value) {
  if (!is_kind(option, CURLOPTTYPE_LONG)) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, value);
}

CURLcode birlik_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  if (!is_kind(option, CURLOPTTYPE_OFF_T)) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, value);
}

CURLcode birlik_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  if (!is_kind(option, CURLOPTTYPE_STRINGPOINT)) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, value);
}

CURLcode birlik_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
  if (!is_kind(option, CURLOPTTYPE_OBJECTPOINT)) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, value);
}

CURLcode birlik_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  if (!is_kind(option, CURLOPTTYPE_SLISTPOINT)) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, value);
}

CURLcode birlik_curl_set_receive(CURL *handle, CURLoption option, birlik_curl_receive function) {
  if (option != CURLOPT_WRITEFUNCTION && option != CURLOPT_HEADERFUNCTION) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_setopt)(handle, option, function);
}

CURLcode birlik_curl_set_progress(CURL *handle, birlik_curl_progress function) {
  return (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, function);
}

CURLcode birlik_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  if (((int)info & CURLINFO_TYPEMASK) != CURLINFO_LONG) return CURLE_UNKNOWN_OPTION;
  return (curl_easy_getinfo)(handle, info, value);
}
