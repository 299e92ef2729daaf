/* SPDX-License-Identifier: Apache-2.0
 * stylize_c MODEL IN.ppm OUT.ppm: a picture in a model's style, through the C interface. */
#include <linmo/linmo_c.h>
#include <stdio.h>
#include <stdlib.h>

static int show(void* user, double done) {
  (void)user;
  fprintf(stderr, "\r%d %%", (int)(100 * done));
  return 1;
}

static int fail(const char* why) {
  fprintf(stderr, "stylize_c: %s\n", why);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return fail("usage: stylize_c MODEL.safetensors IN.ppm OUT.ppm") + 1;
  FILE* file = fopen(argv[2], "rb");
  if (!file) return fail("the picture cannot be read");
  long width = 0, height = 0;
  if (fscanf(file, "P6 %ld %ld 255", &width, &height) != 2 || fgetc(file) == EOF || width < 1 || height < 1 ||
      width > 16384 || height > 16384)
    return fail("the picture is not a binary PPM of 8 bits");
  linmo_format in = {width, height, 3, LINMO_U8, 0}, out;
  size_t in_bytes = (size_t)width * (size_t)height * 3, out_bytes = 0;
  unsigned char* pixels = malloc(in_bytes);
  if (!pixels || fread(pixels, 1, in_bytes, file) != in_bytes) return fail("the picture is cut short");
  fclose(file);

  linmo_stylizer* stylizer = NULL;
  if (linmo_load(argv[1], LINMO_AUTOMATIC, 0, &stylizer) != LINMO_OK) return fail(linmo_error());
  if (linmo_result_format(stylizer, &in, &out, &out_bytes) != LINMO_OK) return fail(linmo_error());
  unsigned char* result = malloc(out_bytes);
  linmo_settings settings;
  linmo_settings_init(&settings);
  settings.progress = show;
  if (!result || linmo_apply(stylizer, pixels, in_bytes, &in, result, out_bytes, &settings) != LINMO_OK)
    return fail(linmo_error());
  fprintf(stderr, "\n");
  linmo_free(stylizer);

  FILE* to = fopen(argv[3], "wb");
  if (!to) return fail("the result cannot be written");
  fprintf(to, "P6\n%ld %ld\n255\n", (long)out.width, (long)out.height);
  int whole = fwrite(result, 1, out_bytes, to) == out_bytes;
  whole = fclose(to) == 0 && whole;
  free(pixels);
  free(result);
  return whole ? 0 : fail("the result cannot be written");
}
