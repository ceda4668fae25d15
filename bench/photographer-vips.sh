#!/bin/sh
# photographer-vips.sh PHOTOS OUT WORKERS
# The same as photographer.sh with the command line of libvips, and with one exiftool that reads
# all photographs first and one that credits all of them at the end.
set -eu
photos=$1 out=$2 workers=$3
line='Photo : Rachid Azzouzy / AMAL' rights='© 2021 Rachid Azzouzy / AMAL, Nations Unies Maroc'
# So many at a time need no threads of their own.
VIPS_CONCURRENCY=1
export out line VIPS_CONCURRENCY
mkdir -p "$out/archive" "$out/preview" "$out/original"

one='
set -eu
photo=$1 day=$2 width=$3 height=$4 turn=$5 name=${1##*/} name=${name%.*}
mkdir -p "$out/archive/$day"
filed=$out/archive/$day/$name.jpg own=$out/$name
source=$photo
if [ "$turn" -gt 4 ]; then upright="$height $width"; else upright="$width $height"; fi
set -- $upright
if [ "$turn" -gt 1 ]; then
    source=$own.v
    vips autorot "$photo" "$source"
fi
vips text "$own.text.v" "$line" --font "sans 10" --dpi $(($2 * 187 / 1000))
# White where the letters are: the mask of the text is the alpha of a white picture.
set -- $1 $2 $(vipsheader -f width "$own.text.v") $(vipsheader -f height "$own.text.v")
vips linear "$own.text.v" "$own.white.v" 0 255 --uchar
vips bandjoin "$own.white.v $own.white.v $own.white.v $own.text.v" "$own.credit.v"
vips copy "$own.credit.v" "$own.mark.v" --interpretation srgb
vips composite2 "$source" "$own.mark.v" \
    "$filed[Q=90,strip,subsample_mode=on]" over --x $(($1 - $3 - 60)) --y $(($2 - $4 - 60))
vipsthumbnail "$photo" --size 1024x1024 -o "$out/preview/$name.jpg[Q=80,strip]"
rm -f "$own".v "$own".*.v
cp "$photo" "$out/original/$name.jpg"
sha256sum "$out/original/$name.jpg" > "$out/original/$name.sha256"
'
exiftool -q -d %Y/%m/%d -p '$Directory/$FileName $DateTimeOriginal $ImageWidth $ImageHeight $Orientation#' \
    "$photos" | xargs -n 5 -P "$workers" sh -c "$one" one
exiftool -q -r -overwrite_original -codedcharacterset=utf8 "-Artist=Rachid Azzouzy" \
    "-Copyright=$rights" "-ColorSpace=sRGB" "-IPTC:By-line=Rachid Azzouzy" \
    "-IPTC:Credit=AMAL" "-IPTC:CopyrightNotice=$rights" "-XMP-dc:Creator=Rachid Azzouzy" \
    "-XMP-photoshop:Credit=AMAL" "-XMP-dc:Rights=$rights" "$out/archive"
