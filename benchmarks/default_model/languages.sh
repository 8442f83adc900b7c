#!/bin/sh
# Give a recogniser the language models of the default one.
#
#   benchmarks/default_model/languages.sh SETS NOVELS MODEL
#
# SETS is what compile.sh wrote, NOVELS holds clones of COST-ELTeC/ELTeC-fra, -ita, -deu, -spa, -eng
# and -por, and MODEL, a folder, is changed. SETS/languages is written.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sets=$1 novels=$2 model=$3
mkdir -p "$sets/languages"

novels() {
    python -m benchmarks.default_model.novels "$novels/ELTeC-$2/level1" > "$sets/languages/$1.txt"
}

# A dataset of the sets of one language.
gather() {
    language=$1
    shift
    for name in "$@"; do
        ls "$sets/$name"/*/*.tfrecord.gz
    done > "$sets/languages/$language.list"
    [ -d "$sets/languages/$language" ] ||
        python -m pipelines.ingest --max_failure_rate 1 --input "@$sets/languages/$language.list" \
            --output "$sets/languages/$language" --rules "$here/conventions.rules" \
            --charset "$here/charset.json"
}

build() {
    language=$1
    shift
    [ -d "$sets/languages/$language" ] && set -- --dataset "$sets/languages/$language" "$@"
    python -m model.training.language --model "$model" --language "$language" \
        --language_model_text "$sets/languages/$language.txt" "$@"
}

gather fr pool poilus mss17 mrl fr18 zola tq
gather it it
gather de emg de18
gather es es esprint
for pair in fr:fra it:ita de:deu es:spa en:eng pt:por; do
    novels "${pair%:*}" "${pair#*:}"
done
build fr --recurrent_epochs 0
for language in it de es en pt; do
    build "$language" --beside --language_model_order 5
done
