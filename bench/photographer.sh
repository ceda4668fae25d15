#!/bin/sh
# photographer.sh PHOTOS OUT WORKERS
# What photographers do with a script, exiftool and ImageMagick: every photograph is turned
# upright, its credit line drawn, written as JPEG (quality 90, sRGB) by its day, credited in EXIF,
# IPTC and XMP; a preview is made, the original kept, its hash written down. So many at a time.
# Nothing is checked, synced, or kept track of.
set -eu
photos=$1 out=$2 workers=$3
line='Photo : Rachid Azzouzy / AMAL' rights='© 2021 Rachid Azzouzy / AMAL, Nations Unies Maroc'
magick=$(command -v magick || command -v convert)
# So many at a time need no threads of their own.
MAGICK_THREAD_LIMIT=1
export out line rights magick MAGICK_THREAD_LIMIT
mkdir -p "$out/archive" "$out/preview" "$out/original"

one='
set -eu
photo=$1 name=${1##*/} name=${name%.*}
set -- $(exiftool -s3 -d %Y/%m/%d -DateTimeOriginal -ImageHeight -Orientation# "$photo")
mkdir -p "$out/archive/$1"
filed=$out/archive/$1/$name.jpg
"$magick" "$photo" -auto-orient -gravity SouthEast -pointsize $(($2 * 26 / 1000)) \
    -fill white -stroke "#0008" -strokewidth 2 -annotate +60+60 "$line" \
    -strip -set colorspace sRGB -sampling-factor 4:2:0 -quality 90 "$filed"
exiftool -q -overwrite_original -codedcharacterset=utf8 "-Artist=Rachid Azzouzy" \
    "-Copyright=$rights" "-ColorSpace=sRGB" "-IPTC:By-line=Rachid Azzouzy" \
    "-IPTC:Credit=AMAL" "-IPTC:CopyrightNotice=$rights" "-XMP-dc:Creator=Rachid Azzouzy" \
    "-XMP-photoshop:Credit=AMAL" "-XMP-dc:Rights=$rights" "$filed"
"$magick" -define jpeg:size=2048x2048 "$photo" -auto-orient -resize 1024x1024 -strip \
    -quality 80 "$out/preview/$name.jpg"
cp "$photo" "$out/original/$name.jpg"
sha256sum "$out/original/$name.jpg" > "$out/original/$name.sha256"
'
find "$photos" -name '*.jpg' -print0 | sort -z | xargs -0 -n 1 -P "$workers" sh -c "$one" one
