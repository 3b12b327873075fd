// libcurl, and what Swift can't import of it: its option and info functions are variadic, and every option has the type
// that the manual gives it. Each shim fixes one type; passing an option of another type is undefined behaviour, as in C.
#pragma once

#include <curl/curl.h>

#pragma clang assume_nonnull begin

/// Sets an option that takes a `long`: CURLOPTTYPE_LONG and CURLOPTTYPE_VALUES.
static inline CURLcode ccurl_easy_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

/// Sets an option that takes a `curl_off_t`: those whose names end in _LARGE.
static inline CURLcode ccurl_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// Sets an option that takes a string. libcurl copies it (CURLOPT_POSTFIELDS is the exception, and not used).
static inline CURLcode ccurl_easy_set_string(CURL *easy, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

/// Sets an option that takes a pointer which libcurl keeps, and gives back to callbacks or writes to: it has to live
/// until the handle is reset or cleaned up.
static inline CURLcode ccurl_easy_set_pointer(CURL *easy, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

/// Sets an option that takes a list. libcurl does not copy it: it has to live until the transfer is over.
static inline CURLcode ccurl_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

/// The type of CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION: `size` is always 1.
typedef size_t (*ccurl_receive_callback)(char *bytes, size_t size, size_t count, void *_Nullable context);

/// Sets CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION.
static inline CURLcode ccurl_easy_set_receive(CURL *easy, CURLoption option, ccurl_receive_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

/// The type of CURLOPT_READFUNCTION: fills `buffer` with at most `size * count` bytes.
typedef size_t (*ccurl_send_callback)(char *buffer, size_t size, size_t count, void *_Nullable context);

/// Sets CURLOPT_READFUNCTION.
static inline CURLcode ccurl_easy_set_send(CURL *easy, ccurl_send_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
}

/// The type of CURLOPT_SEEKFUNCTION.
typedef int (*ccurl_seek_callback)(void *_Nullable context, curl_off_t offset, int origin);

/// Sets CURLOPT_SEEKFUNCTION.
static inline CURLcode ccurl_easy_set_seek(CURL *easy, ccurl_seek_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

/// The type of CURLOPT_PREREQFUNCTION: a connection is there and the request is about to be sent on it.
typedef int (*ccurl_prerequest_callback)(
    void *_Nullable context, char *_Nullable remote, char *_Nullable local, int remote_port, int local_port);

/// Sets CURLOPT_PREREQFUNCTION.
static inline CURLcode ccurl_easy_set_prerequest(CURL *easy, ccurl_prerequest_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

/// Reads a `long`: CURLINFO_LONG. 0 when the handle can't tell.
static inline long ccurl_easy_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

/// Reads a `curl_off_t`: the infos whose names end in _T. 0 when the handle can't tell.
static inline curl_off_t ccurl_easy_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

/// Reads a string that the handle owns: valid until the handle is used again.
static inline const char *_Nullable ccurl_easy_get_string(CURL *easy, CURLINFO info) {
    char *value = NULL;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : NULL;
}

/// Sets a multi option that takes a `long`.
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

#pragma clang assume_nonnull end
