#!/usr/bin/env bash
# Makes the clip anew, in this folder. Needs Debian's ffmpeg and fonts-dejavu-core.
set -euo pipefail
cd "$(dirname "$0")"
seconds=12
rm -f ./*.ts
ffmpeg -hide_banner -loglevel error \
    -f lavfi -i "testsrc2=size=640x360:rate=15:duration=$seconds" \
    -f lavfi -i "sine=frequency=330:sample_rate=48000:duration=$seconds" \
    -filter_complex "[0:v]drawtext=fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf:text='%{eif\\:t+1\\:d\\:2} / $seconds':fontsize=72:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=16:x=(w-tw)/2:y=(h-th)/2[v];[1:a]volume=0.1[a]" \
    -map '[v]' -map '[a]' \
    -c:v libx264 -profile:v baseline -level 3.0 -pix_fmt yuv420p -preset veryslow -b:v 240k -maxrate 300k -bufsize 300k \
    -g 15 -keyint_min 15 -sc_threshold 0 \
    -c:a aac -b:a 32k -ac 1 \
    -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
    -f hls -hls_time 1 -hls_list_size 0 -hls_segment_filename '%02d.ts' clip.m3u8
cat clip.m3u8
rm clip.m3u8
