#!/bin/sh
# Compile the dataset that the default recogniser is trained on.
#
#   benchmarks/default_model/compile.sh SOURCES POOL OUT
#
# SOURCES holds a clone of each repository of sources.tsv under its name (`git clone` it and
# `git checkout` the commit), POOL the collections Peraire, Time Us and CREMMA-19, and OUT is
# written: a dataset for each source, `others` with all of them in one convention, and `all`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$1 pool=$2 out=$3
mkdir -p "$out/lists"

ingest() { python -m pipelines.ingest --max_failure_rate 1 "$@"; }

# Documents are drawn equally often by --balance, and a document is a folder: each will has its own.
split_wills() {
    for file in "$1"/batch-*/*.xml "$1"/batch-*/*.jpg; do
        will=$(basename "$file" | sed 's/-[0-9]*\.[a-z]*$//')
        mkdir -p "$2/$will"
        ln -sf "$file" "$2/$will/"
    done
}

grep -v '^#' "$here/sources.tsv" | while IFS="$(printf '\t')" read -r name repository _ folder every left_out; do
    pages=$sources/${repository#*/}/$folder
    if [ "$name" = poilus ]; then
        split_wills "$pages" "$out/wills"
        pages=$out/wills
    fi
    # sources.tsv names what is left out as a pattern of grep.
    find -L "$pages" -name '*.xml' ! -iname 'mets*.xml' | grep -v "${left_out:-^$}" | LC_ALL=C sort |
        awk -v every="$every" 'NR % every == 1 || every == 1' > "$out/lists/$name.txt"
    ingest --input "@$out/lists/$name.txt" --output "$out/$name" --eval_fraction 0 --test_fraction 0
done

ingest --input "$pool/peraire" "$pool/timeus" "$pool/cremma-mss-19" --output "$out/pool" \
    --eval_fraction 0.03 --test_fraction 0.08

grep -v '^#' "$here/sources.tsv" | cut -f 1 | while read -r name; do
    ls "$out/$name"/train/*.tfrecord.gz
done > "$out/lists/others.txt"
ingest --input "@$out/lists/others.txt" --output "$out/others" --rules "$here/conventions.rules" \
    --charset "$here/charset.json" --eval_fraction 0 --test_fraction 0
ls "$out/pool"/*/*.tfrecord.gz "$out/others"/train/*.tfrecord.gz > "$out/lists/all.txt"
ingest --input "@$out/lists/all.txt" --output "$out/all" --charset "$here/charset.json"
