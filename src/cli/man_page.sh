#!/bin/sh
# The man page of ntrace, made of what its commands say of themselves: man_page.sh NTRACE > ntrace.1
set -eu
ntrace=$1

# Text as roff: no escapes, and hyphens that can be copied.
roff() {
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g'
}

options() {
    "$ntrace" "$1" --help | roff | sed -nE \
        -e 's/^usage: (.*)$/\\fB\1\\fR/p' \
        -e 's/^  ([^ ]+)( (TEXT|N|X))? +(.*)$/.TP\n\\fB\1\\fR\\fI\2\\fR\n\\\&\4/p' # \& : what follows is no request, whatever it starts with
}

commands=$("$ntrace" --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')

printf '.TH NTRACE 1 "" "%s"\n' "$("$ntrace" --version)"
cat <<'END'
.SH NAME
ntrace \- how neighbourhoods change from layer to layer of a neural network
.SH SYNOPSIS
.B ntrace
.I COMMAND
.RI [ options ]
.br
.B ntrace
.I COMMAND
.B \-\-help
.br
.B ntrace \-\-version
.SH DESCRIPTION
A neural network moves every sample of a dataset once per layer.
.B ntrace
packs a dataset, a network and compressed embeddings of every layer into a
.IR bundle ,
a folder of static files, and answers questions about it: which samples are nearest to one at a layer, how neighbourhoods change, why the network answers as it does.
The page of Neighborhood Traces and its JavaScript module read the same bundles, and so do programs that are linked with
.BR libntrace .
.SH COMMANDS
END
for command in $commands; do
    printf '.SS %s\n' "$command"
    "$ntrace" "$command" --help | sed -n '1s/^ntrace [a-z]*: //p' | roff
    echo .PP
    options "$command"
done
cat <<'END'
.SH EXIT STATUS
0 when all is done, 1 when something failed, 2 when the command was not understood.
What is wrong is said on standard error.
.SH EXAMPLES
Draw sketches, train a network on them, pack both, and ask for the ten nearest neighbours of a sample at the last layer:
.PP
.EX
ntrace sketch \-\-count 10000 \-o sketches
ntrace train \-\-images sketches \-o weights.safetensors
ntrace pack \-\-images sketches \-\-model weights.safetensors \-o bundle
ntrace verify bundle
ntrace query bundle \-\-sample 5 \-\-layer 13 \-k 10
.EE
.PP
Link a program with the library:
.PP
.EX
cc trace.c $(pkg\-config \-\-cflags \-\-libs ntrace) \-o trace
.EE
.SH SEE ALSO
The headers in
.IR include/ntrace ,
which document every function of the library;
.BR pkg\-config (1).
END
