/* SPDX-License-Identifier: Apache-2.0
 * linmo for C and for every language that calls C; the same functions as linmo.h, which explains them.
 * Numbers of enumerations and the order of fields stay as they are; new fields go to the end, told apart by
 * `size`. */
#ifndef LINMO_C_H
#define LINMO_C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINMO_C_API __attribute__((visibility("default")))

/* What a call came to. After anything but LINMO_OK, linmo_error() of the same thread is a sentence about it.
 */
typedef enum linmo_status {
  LINMO_OK = 0,
  LINMO_USAGE = 1,     /* arguments that do not fit together */
  LINMO_INPUT = 2,     /* a model or picture is wrong */
  LINMO_LIMIT = 3,     /* the memory allowed does not suffice */
  LINMO_IO = 4,        /* a file cannot be read */
  LINMO_CANCELLED = 5, /* the progress function said so */
  LINMO_NUMERIC = 6,
  LINMO_MEMORY = 7, /* the machine has no memory left */
  LINMO_INTERNAL = 8
} linmo_status;

typedef enum linmo_precision {
  LINMO_AUTOMATIC = 0,
  LINMO_FP32 = 1,
  LINMO_BF16 = 2,
  LINMO_INT8 = 3
} linmo_precision;
typedef enum linmo_sample { LINMO_U8 = 1, LINMO_U16 = 2, LINMO_F32 = 4 } linmo_sample; /* bytes of one */

typedef struct linmo_stylizer linmo_stylizer;

typedef struct linmo_format {
  int64_t width, height;
  int32_t channels; /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA */
  int32_t sample;   /* linmo_sample */
  int32_t premultiplied;
} linmo_format;

typedef struct linmo_settings {
  size_t size;     /* of this struct, as linmo_settings_init() sets it */
  double strength; /* 0 ... 1 */
  int32_t keep_colour;
  int32_t exact;
  uint64_t memory_bytes;
  /* NULL, or called with the share done (0 ... 1); 0 as the answer stops the work. */
  int (*progress)(void* user, double done);
  void* user;
} linmo_settings;

/* Never NULL; valid until the thread's next call. */
LINMO_C_API const char* linmo_error(void);
LINMO_C_API const char* linmo_version(void);

/* `path` is UTF-8. `threads` 0: all cores. *stylizer is NULL after a failure. */
LINMO_C_API linmo_status linmo_load(const char* path, linmo_precision precision, int threads,
                                    linmo_stylizer** stylizer);
LINMO_C_API linmo_status linmo_load_bytes(const void* model, size_t bytes, linmo_precision precision,
                                          int threads, linmo_stylizer** stylizer);
/* The same of a model of several styles. `style` is UTF-8: one's name, or a blend such as
 * "ukiyoe:0.6,impressionism:0.4". NULL or "" for a model of one. */
LINMO_C_API linmo_status linmo_load_style(const char* path, const char* style, linmo_precision precision,
                                          int threads, linmo_stylizer** stylizer);
LINMO_C_API linmo_status linmo_load_bytes_style(const void* model, size_t bytes, const char* style,
                                                linmo_precision precision, int threads,
                                                linmo_stylizer** stylizer);
LINMO_C_API void linmo_free(linmo_stylizer* stylizer); /* NULL is allowed */

/* The format of what `in` becomes, and the bytes that it takes. */
LINMO_C_API linmo_status linmo_result_format(const linmo_stylizer* stylizer, const linmo_format* in,
                                             linmo_format* result, size_t* bytes);
LINMO_C_API void linmo_settings_init(linmo_settings* settings);
/* `settings` NULL: as linmo_settings_init() makes them. May be called from several threads at once. */
LINMO_C_API linmo_status linmo_apply(const linmo_stylizer* stylizer, const void* in, size_t in_bytes,
                                     const linmo_format* format, void* out, size_t out_bytes,
                                     const linmo_settings* settings);

#ifdef __cplusplus
}
#endif
#endif
