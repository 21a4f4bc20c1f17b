"""Our grep, sed, awk, find and coreutils against those of this machine.

Every line is run twice, see `tests.support.realtools`: what is printed, the status and the files afterwards are equal.
What is written to stderr is only compared in being there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.realtools import Outcome, ours, real

needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, ("dash", "sed", "mawk", "grep", "find"))), reason="needs the tools of a Debian machine"
)
pytestmark = needs_tools

SED = r"""
sed 's/o/0/' a.txt
sed 's/[aeiou]/<&>/g' a.txt
sed 's/e/E/2;s/x*/-/g' a.txt
sed 's/b*/x/2' a.txt
sed -n 's/^\(t\)\(.*\)/\2\1/p' a.txt
sed -E 's/^(.)(.*)(.)$/\3\2\1/' a.txt
sed -r 's|/|_|g;s,x,y,' users
sed 's#:#\n#2' users
sed -e '/^#/d' -e 's/[[:space:]]*$//' conf
sed '/^[a-z][a-z]*\s/!d;/^.[nc]/d;' words
sed -n '/two/,/four/p' a.txt
sed -n '2,4p;$=' a.txt
sed '2,4d' a.txt
sed '2,1d' a.txt
sed '$d' a.txt
sed '$!d' a.txt
sed '0,/e/s/e/X/' a.txt
sed '1,/e/s/e/X/' a.txt
sed '2q' a.txt
sed -n '3{p;q}' a.txt
sed '3q5' a.txt
sed 2Q a.txt
sed '2,+1d' a.txt
sed '0~2d' a.txt
sed '1~3s/^/>/' a.txt
sed '2,~4d' a.txt
sed '/two/a new line' a.txt
sed '/two/i\    kept' a.txt
sed '$a\last line' a.txt
sed '$a last' noeol
sed '1i first' noeol
sed '2c changed' a.txt
sed '2,3c changed' a.txt
sed '/three/,$c changed' a.txt
sed '$!N;s/\n/ /' a.txt
sed 'N;P;D' a.txt
sed -n 'H;${x;s/\n/,/g;p}' a.txt
sed '1!G;h;$!d' a.txt
sed ':a;N;$!ba;s/\n/+/g' a.txt
sed 'y/abc/xyz/;y,/,|,' words
sed -n '$p' a.txt noeol
sed -s -n '$p' a.txt noeol
sed 's/$/!/' noeol empty
sed 's/$/!/' noeol a.txt
sed p noeol
sed -n 'n;p' a.txt
sed '/^$/d' words
sed 's/\bbeta\b/B/;s/\<alpha\>/A/' words
sed 's/\w\+/W/g' words
sed 's/a\|b/X/g' words
sed -E 's/(al|alpha)(.*)/[\1][\2]/' words
sed -E 's/beta|beta  gamma/X/' words
sed -E 's/([a-z]+,)*//;s/(a|b)+/X/' words
sed 's/.*\(.\)$/\1/' words
sed 's/^\([^:]*\):\([^:]*\):\([0-9]*\).*/\3 \1/' users
sed -n 's/^root:[^:]*:\([0-9]*\):.*/\1/p' users
sed 's/ALPHA/x/I;s/BETA/y/gi' words
sed 's/[][]/_/g;s/[^]a-z]/./g' conf
sed 's/a.c/\t&\&/;s/a/\//' words
sed '/^key/s/=.*/= new/' conf
sed '/alpha/{s/alpha/A/;s/again/B/}' words
sed "\|^Path|s|/usr|/opt|" conf
sed '\,/usr,d' conf
sed -i 's/one/ONE/' a.txt
sed -i.bak -e '1d' a.txt d/x
sed -i 's/one/ONE/' link
sed -i 2q a.txt
sed -i -e '$a added' noeol
sed -i '/zzz/d' a.txt missing
sed -E -i conf -e '/^key/ s/$/ more/' -e '/^ssl\s.*#/ s/#/x #/'
sed s/x/y/ missing
sed s/x/y/ missing a.txt d
sed -n '/^\(t.*\)/{s///;p;q;}' a.txt
sed 's/\(a\)\(l\)\?/<\1\2>/g' words
sed 's/a\{1,2\}/X/;s/e\{2\}/Y/' a.txt
sed -E 's/^(#?)(key) *= *(.*)$/\2=\3/' conf
sed -ne's/^Path=//p' conf
sed --quiet --expression='s/one/1/p' a.txt
sed = a.txt
sed -n '/two/{n;p}' a.txt
sed 'r d/x' a.txt
sed '2r missing' a.txt
sed -e 'a\' -e 'text' a.txt
sed '/one/,/two/!s/^/> /' a.txt
sed 's/one/a\
b/' a.txt
printf 'a\nb' | sed 's/b/c/'
echo abc | sed 's/\(b\)/[\1]/;t;s/a/Z/'
echo abc | sed 's/x/y/;ta;s/a/Z/;:a;s/c/C/'
echo 'a.b.c' | sed 's/\./-/g'
echo '/usr/share/x.gz' | sed 's,.*/,,;s/\.gz$//'
echo ' a, b ,c ' | sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*,[[:space:]]*/,/g'
echo '8:9.2p1-2' | sed 's/^[0-9]*://;s/-.*//'
echo aaa | sed 's/a*$/x/;s/^/</'
echo aXbX | sed 's/X$//'
echo 'a*b' | sed 's/*/x/;s/^*/y/'
sed -n 's/o/0/ p' a.txt
sed -n 's/e/E/ 2 	p' a.txt
sed -z 's/\n/,/g' a.txt
sed -rz 's/\s+/", "/g' words
sed -zn '$p' noeol
sed -z 's/^/>/;s/$/</' a.txt empty
sed -z 2d a.txt
sed -E 's/(\w+) (\w+)/\u\L\1-\E\2-\U\1\E-\l\2/' words
sed -E 's/(\w+) (\w+)/\L\u\1-\2-\U\l\1\E/' words
sed 's/.*/\U&/;s/T\(.\)/\lT\u\1/' a.txt
"""

GREP = r"""
grep o a.txt
grep -v o a.txt
grep -c e a.txt
grep -n '^t' a.txt
grep -q two a.txt
grep -q nope a.txt
grep -s x missing
grep x missing a.txt
grep -qs one missing a.txt
grep -l alpha words d/sub/z.txt a.txt
grep -L alpha words d/sub/z.txt a.txt
grep -h alpha words d/sub/z.txt
grep -H alpha words
grep alpha words d/sub/z.txt
grep -c alpha words a.txt
grep -i KEY conf
grep -w beta words
grep -w key conf
grep -x beta words
grep -F 'a.t' a.txt
grep -Fx one a.txt
grep -qFx "ID=debian" conf
grep -E '^(one|two)$' a.txt
grep -E 'o|e{2}' a.txt
grep -E -o '[a-z]+' words
grep -o 'a[a-z]*' words
grep -on 'e' a.txt
grep -E '(^|[^a-z])key' conf
grep '^#\|^\[' conf
grep -e one -e six a.txt
grep 'one
two' a.txt
grep -r alpha d
grep -rl alpha d words
grep -m1 e a.txt
grep '' empty
grep '' noeol
grep -v '^$' words
grep '^[[:space:]]*#' conf
grep '\bbeta\b' words
grep '[^a-z ]' a.txt
grep -E '^[^:]+:[^:]*:[0-9]+:' users
grep 'x*' a.txt
grep '\(e\)\1' a.txt
grep alpha d
grep -E '^([[:space:]]*,)*[[:space:]]*$' words
grep -f d/x a.txt
grep -vxE 'one|two' a.txt
grep -wo 'o' words
grep -E 'a+b?|c' words
grep -nF '' a.txt
egrep '^(one|two)' a.txt
fgrep -x one a.txt
grep -F -e '' a.txt
grep -iw 'ALPHA' words
grep -E '\.so$|^lib' versions
echo 'a b' | grep -q 'a\sb'
echo abc | grep -
grep -cv e a.txt
grep ^root: users
"""

AWK = r"""
mawk '{print $1}' words
mawk '{print $NF, NF, NR}' words
mawk -F: '{print $1 "=" $3}' users
mawk -F: '$3 >= 6 {print $1}' users
mawk -F: '$1 == "root" {print $NF; exit}' users
mawk '/alpha/ && !/again/' words
mawk '/two/,/four/' a.txt
mawk 'NR==2' a.txt
mawk 'NR>1 && NR<4 {print NR ": " $0}' a.txt
mawk 'END {print NR}' a.txt
mawk 'BEGIN {FS=":"; OFS="-"} {$1=$1; print}' users
mawk -v b=beta '$1 ~ b {p=1} p {print; exit}' words
mawk '{n += $1} END {print n, n/2}' numbers
mawk '{if ($1 > 5) print "big", $1; else print "small", $1}' numbers
mawk '{sub(/a/, "<&>"); gsub(/b/, "\\&"); print}' words
mawk '{gsub("[aeiou]", ""); print tolower($0) toupper($1)}' words
mawk '{print length($0), length, substr($0, 2, 3), substr($0, 3), index($0, "t")}' a.txt
mawk '{n = split($0, p, ":"); print n, p[1], p[n]}' users
mawk '{c[$1]++} END {print c["beta"], c["alpha"], c["none"] + 0}' words
mawk '{printf "%-6s|%3d|%s\n", $1, NR, $2}' words
mawk 'BEGIN {for (i = 0; i < 3; i++) printf "%d ", i; print ""}'
mawk 'BEGIN {while (i < 3) {i++; if (i == 2) continue; print i}}'
mawk '{print ($1 == "one") ? "yes" : "no"}' a.txt
mawk '!seen[$0]++' words
mawk '{$2 = ""; print}' words
mawk '{NF = 2; print; print NF}' words
mawk 'BEGIN {print 1 + 2 * 3 % 4 - -1, 7 / 2, 1e3, 0.1, "a" "b" 1 + 1}'
mawk 'BEGIN {print 10 < 9, "10" < "9", "a" < "b", 1 == 1.0}'
mawk '$1 < 10' numbers
mawk '$1 == 10 || $1 ~ /^-/' numbers
mawk 'match($0, /e+/) {print RSTART, RLENGTH}' a.txt
mawk -F, '{print $1}' words
mawk -F'[:/]+' '{print $2, $NF}' users
mawk -F'\t' '{print NF}' words
mawk 'BEGIN {exit 3}'
mawk '{exit} END {print "end", $0}' a.txt
mawk '/^LANG=/ {gsub("\"", ""); sub("LANG=", ""); lang=$0;} END {print lang}' conf
mawk '{if ($1 ~ /^alpha/) { p=$2 } else if ($0 ~ /^b.*a$/) { print p }}' words
mawk '$1 ~ "^al"' words
mawk '{print > "/dev/stderr"}' a.txt
mawk '{ next; print "no" } END { print "x" }' a.txt
mawk '("beta" in c) {print "again"} {c[$1]; delete c["gamma"]}' words
mawk '{print $1, $2 $3; print($1)($2)}' words
mawk '{print -$1, +$1, !$1, $1 * 2}' numbers
mawk 'NF {print; n++} END {print n + 0}' words
mawk '{s = s $1 " "} END {print s}' a.txt
mawk 'BEGIN {printf "%s %5.2f %x %c %%\n", "a", 3.14159, 255, "hello"}'
mawk '{x = $1; x += 2; x -= 1; x *= 2; print x, x--, --x, x++}' numbers
mawk 1 a.txt noeol
mawk '{print FILENAME, FNR, NR}' a.txt noeol
mawk '{ a = $1; b = a; if (a == b && !(a != b)) print a; }' a.txt
awk '{count[$1]++} END {for (word in count) total += count[word]; print total}' words
awk 'BEGIN {split("key ssl", names)} {for (i in names) if ($1 == names[i]) {print "\x27" $3 "\x27"; break}}' conf
awk 'BEGIN {for (k in none) print k; print "end"}'
"""

TEXT = r"""
cat a.txt noeol empty a.txt
cat missing a.txt
cat d
cat - < a.txt
echo x | cat a.txt - noeol
head -n2 a.txt
head -2 a.txt
head -n -2 a.txt
head -c4 a.txt
head -n1 a.txt noeol
head -q -n1 a.txt noeol
tail -n2 a.txt
tail -n +3 a.txt
tail -1 noeol
tail -c3 a.txt
tail -n1 a.txt noeol
tac a.txt
cut -d: -f1 users
cut -d : -f 1,3- users
cut -d: -f-2,7 users
cut -f1 words
cut -d' ' -f2 -s words
cut -c1-3 a.txt
cut -c2 a.txt
cut -b2- a.txt
cut -d: -f1,3 --output-delimiter=, users
cut -d: --complement -f2-4 users
echo 'Hello, World' | tr A-Z a-z
echo 'Hello, World' | tr '[:lower:]' '[:upper:]'
echo 'Hello, World' | tr -d ',lo'
echo 'aabbcc' | tr -s ab
echo 'a,b c' | tr ', ' '\n\n'
echo 'a,,b' | tr -s , '\n'
echo 'abc123' | tr -cd '0-9\n'
echo 'abc123' | tr -c 'a-z\n' _
echo 'a b' | tr ' ' '\012'
echo '[x]' | tr '[]' '()'
echo 'abc' | tr a-c x
echo 'a/b' | tr / -
echo 'a-b' | tr - _
printf 'a\0b\0' | tr '\0' '\n'
sort a.txt
sort -r a.txt
sort -u words
sort -n numbers
sort -rn numbers
sort -t: -k3 -n users
sort -t: -k3,3nr users
sort -t : -k 1,1 users
sort -k2 words
sort -k2,2 words
sort -f conf
sort -V versions
sort -un numbers
sort -o out a.txt
sort a.txt noeol
sort missing
uniq words
uniq -c words
uniq -d words
uniq -u words
sort words | uniq -c | sort -rn
wc -l a.txt
wc -l < a.txt
wc a.txt
wc -w a.txt noeol
wc -c < noeol
cat a.txt | wc
cat a.txt | wc -l
echo x | tee out
echo x | tee -a a.txt d/x
echo x | tee missing/out
seq 3
seq 2 5
seq 6 -2 0
seq -s, 3
seq -w 8 11
seq 3 1
expr 1 + 2 \* 3
expr 7 / 2 - 1
expr -7 / 2
expr -7 % 2
expr 1 = 1 \& 0
expr abc : 'a\(.\)c'
expr abc : '.*'
expr abc : x
expr ", a, None, b," : ".*, None,.*"
expr 2 \> 10
expr a \< b
expr length hello
expr substr hello 2 3
expr index hello l
expr \( 1 + 2 \) \* 3
expr 0
expr '' \| x
expr a + 1
expr 5 / 0
expr match abcd 'ab'
md5sum a.txt empty
sha256sum a.txt
cat a.txt | md5sum
md5sum missing a.txt
md5sum a.txt > sums; md5sum -c sums
md5sum a.txt d/x > sums; echo y >> d/x; md5sum -c sums
md5sum a.txt d/x > sums; echo y >> d/x; md5sum --status -c sums
sha1sum - < a.txt
cmp a.txt noeol
cmp a.txt a.txt
cmp -s a.txt noeol
cmp a.txt missing
cmp empty a.txt
diff a.txt a.txt
diff -q a.txt noeol
diff a.txt noeol > /dev/null
diff -q a.txt missing
sort -g numbers
sort -rg numbers
sort -gk2 words
printf 'x\n.5\n-1e-2\n\n+3\n12abc\n' | sort -g
base64 a.txt
base64 -w0 words
base64 -w 10 a.txt | base64 -d
printf 'd41d8cd98f00b204e9800998ecf8427e  missing\n' | md5sum -c --ignore-missing
printf 'd41d8cd98f00b204e9800998ecf8427e  missing\n' | md5sum -c --status --ignore-missing
md5sum empty > sums; sed 's/empty/missing/' sums >> sums2; cat sums2 sums | md5sum -c --ignore-missing
printf 'd41d8cd98f00b204e9800998ecf8427e  a.txt\n' | md5sum -c --ignore-missing
getopt -n me -l long:,flag,maybe:: -- +fh --flag --long 'a b' --maybe --maybe=x -f rest -h
getopt -o a:b -- -b one -aX -- -c "it's"
getopt -- ab -b -a x
getopt -l force,file: -o '' -- --for --fil x y
"""

FILE_COMMANDS = r"""
cp a.txt new
cp a.txt d
cp a.txt noeol d
cp a.txt d/x
cp a.txt d/y.so
cp d/y.so new
cp -p d/y.so new
cp link new
cp -P link new
cp -d link new
cp -a link dangling d/x e
cp a.txt dangling
cp -r d new
cp -a d e
cp -R d/. e
cp d new
cp -rT d e
cp -n a.txt d/x
cp -f a.txt link
cp a.txt link
cp a.txt a.txt
cp missing new
cp a.txt missing/new
cp -v a.txt new
cp -t e a.txt noeol
cp --remove-destination a.txt link
cp --preserve=mode d/y.so new
cp -u a.txt new
cp /dev/null new
cp -L dlink/x new
cp -rL dlink new
ln a.txt hard; cp -a a.txt hard e
mv a.txt new
mv a.txt d
mv a.txt d/x
mv a.txt noeol d
mv d new
mv d e
mv e d
mv -T e d
mv d a.txt
mv a.txt link
mv link new
mv dangling new
mv missing new
mv a.txt a.txt
mv -n a.txt d/x
mv -f a.txt d/x
mv -v a.txt new
mv d d/sub
mv a.txt missing/new
mv -t e a.txt noeol
mkdir e/sub; mkdir e2; mkdir e2/sub; touch e2/sub/f; mv e/sub e2
mkdir sub; mkdir e/sub; touch e/sub/f; mv sub e
ln -s a.txt new
ln -s a.txt link
ln -sf noeol link
ln -sf x dlink
ln -sfn x dlink
ln -snf x dlink
ln -sT x e
ln -s ../a.txt d
ln -s a.txt d/x
ln -s d/x
ln -sf a.txt noeol e
ln a.txt new
ln a.txt d/x
ln -f a.txt d/x
ln missing new
ln -s a.txt missing/new
ln -sr a.txt d/new
ln -rs d/sub/z.txt new
ln d new
ln -v -s a b
rm a.txt
rm -f missing
rm missing
rm d
rm -r d
rm -rf d e missing
rm link dangling
rm dlink
rm -rf dlink
rm -f a.txt d
rm -v a.txt
rm -d e
rm -d d
rm -f
rm
rm -- a.txt
rm -rf .
rm a.txt/x
rm -f a.txt/x
unlink a.txt
unlink missing
mkdir new
mkdir e
mkdir -p new/a/b
mkdir -p e d/sub/deep/more
mkdir new/a
mkdir a.txt
mkdir -p a.txt/x
mkdir -m 700 new
mkdir -m 2775 new
mkdir -p -m 750 new/sub
mkdir -m u=rwx,g=rx,o= new
mkdir -pm 0755 e
mkdir -v new
mkdir -pv new/a/b
mkdir dangling
mkdir -p dangling
mkdir new/
umask 077; mkdir -p new/a; touch new/f
rmdir e
rmdir d
rmdir missing
rmdir a.txt
rmdir --ignore-fail-on-non-empty d e
mkdir -p p/q/r; rmdir -p p/q/r
mkdir -p p/q/r; touch p/f; rmdir -p p/q/r
mkdir -p p/q/r; touch p/f; rmdir -p --ignore-fail-on-non-empty p/q/r
rmdir -v e
touch new
touch a.txt new d/new
touch missing/new
touch -c new
touch dangling
touch -h link
touch e
touch -r a.txt new
chmod 600 a.txt
chmod 0755 a.txt d
chmod 2775 d; chmod 755 d
chmod 2775 d; chmod 00755 d
chmod u+s a.txt
chmod +x a.txt
chmod a+x,o-r a.txt
chmod g=u a.txt
chmod u=rw,go=r d/y.so
chmod go-rwx a.txt d
chmod -R g+w d
chmod -R a+rX,u+w d
chmod -R 750 d
chmod 600 link
chmod -R 700 dlink
chmod 600 missing
chmod -f 600 missing
chmod g+s d
chmod g-s,u+t d
chmod o=t d
chmod -x d/y.so
chmod =r a.txt
chmod ug+rw,o= a.txt
chmod 1777 e
chmod --reference=d/y.so a.txt
umask 027; chmod +w a.txt
install -d new/a
install -d -m 700 new/a e
install -m 644 a.txt new
install a.txt new
install a.txt noeol e
install -m 640 a.txt d/x
install -D -m 600 a.txt new/a/b
install -t e a.txt
install a.txt link
install --mode 644 /dev/null new
install missing new
install -m u=rw,go=r a.txt new
install -m 600 a.txt missing/new
install -d a.txt
install -D -t new/dir a.txt
basename /usr/lib/x.so .so
basename /
basename x/
basename .so .so
basename -a a/b c/d
basename -s .c a.c
dirname /usr/lib/x
dirname x
dirname /x
dirname a/b/
dirname /
dirname a//b
dirname a b/c
readlink link
readlink a.txt
readlink -f link
readlink -f dlink/x
readlink -f dangling
readlink -f missing/x
readlink -f missing
readlink -e dangling
readlink -e link
readlink -m missing/x/../y
readlink -n link
readlink -f .
readlink link dlink
realpath link
realpath missing
realpath missing/x
realpath -m missing/x
realpath -e dangling
realpath -s dlink/x
realpath -ms dlink/../x
realpath d/../d/./x
realpath --relative-to=d a.txt
stat -c %a a.txt d
stat -c '%A %F %n %s' a.txt empty d/y.so link
stat -c '%a %U:%G' -- a.txt
stat -L -c '%a %F' link
stat -c '%u:%g' a.txt
stat -c %N link a.txt
stat --format=%F d e empty
stat --printf='%n\n' a.txt
stat -c %a missing
ls
ls -1 d
ls -A d
ls -a d
ls -d d e
ls d e
ls d a.txt missing
ls missing
ls -r d
ls -v d
ls -d d/*
ls dlink
which cat > /dev/null
which nosuchprogram
which nosuchprogram cat > /dev/null
which ./d/y.so
"""

FIND = r"""
find d | sort
find . -type f | sort
find d -name '*.txt' | sort
find d -maxdepth 1 | sort
find d -mindepth 1 -maxdepth 1 | sort
find d -type d | sort
find . -type l | sort
find . -name missing
find missing
find e missing
find . -type f -name '*.so' -print
find d -name sub -prune -o -type f -print | sort
find d ! -name '*.txt' -type f | sort
find . \( -name x -o -name noeol \) -type f | sort
find d -empty | sort
find d -type f -delete
find d -delete
find d -name sub -delete
find e -maxdepth 0 -empty -type d -delete
find d -type f -exec chmod 600 {} \;
find d -type f -exec chmod 600 {} +
find d -type f -exec grep -q alpha {} \; -print
find d -path '*/sub/*' | sort
find d -perm 755 | sort
find d -perm -111 | sort
find d -perm /111 -type f
find . -iname 'A.TXT'
find dlink
find dlink/ | sort
find -L dlink -name x
find -H dlink -maxdepth 1 -type f | sort
find d -name '.*'
find a.txt link
find d -print0 | tr '\0' '\n' | sort
find d -type f -printf '%P %f %m\n' | sort
find d -mindepth 1 -type d -name deep -printf '%h\n'
find d -depth -name '*e*' | sort
find d -type f -name '*.txt' | xargs rm -f
find . -type f -size +0 -name '*s' | sort
find d -true -quit
find d -type f,l | sort
find d -name x -o -name y.so | sort
find . -maxdepth 1 -user root -name a.txt
find . -lname 'a*'
echo a.txt noeol | xargs rm
echo a b c | xargs -n1 echo x
echo "a 'b c'" | xargs -n1 echo
printf 'a b\nc\n' | xargs -I{} echo '<{}>'
printf 'a\0b c\0' | xargs -0 -n1 echo
xargs -r echo none < empty
xargs echo none < empty
echo a | xargs false
echo missing | xargs rm
env -i A=1 env
env A=1 sh -c 'echo $A'
env -u PATH A=b env | grep A=
nice -n 5 echo x
find . -uid "$(id -u)" -name '*.txt' | sort
find . -uid +4294967290
find . ! -uid -1 -name a.txt
find . -gid "$(id -g)" -name a.txt
find dlink -follow -name '*.txt' | sort
find . -follow -type f -name 'z*' | sort
"""

IDENTITY = r"""
id -u
id -un
id -g root
id -gn daemon
id -G root
id -Gn root
id root
id daemon
id nosuchuser
id -u nosuchuser
whoami
uname
uname -s
uname -sm | sed 's/ .*//'
getent passwd root
getent passwd 0
getent passwd nosuchuser
getent passwd daemon nosuchuser root
getent group daemon
getent group 0 nosuchgroup
groups root
groups daemon
sleep 0
sync
"""

ROOT = r"""
chown daemon a.txt
chown daemon:daemon a.txt d
chown daemon: a.txt
chown :daemon a.txt
chown 1:1 a.txt
chown 12345:54321 a.txt
chown daemon.daemon a.txt
chown nosuch a.txt
chown root:nosuch a.txt
chown -R daemon:daemon d
chown -h daemon link
chown daemon link
chown daemon missing
chown -f daemon missing
chown --reference=a.txt noeol
chgrp daemon a.txt
chgrp -R daemon d
chmod 4755 a.txt; chown daemon a.txt
chmod 6755 a.txt; chgrp daemon a.txt
chmod 2775 d; chown daemon d
chgrp daemon e; chmod 2775 e; touch e/f; mkdir e/g; cp a.txt e
chown daemon a.txt; cp -p a.txt new; cp -a a.txt new2; cp a.txt new3
chown daemon a.txt; sed -i 's/one/1/' a.txt
chown daemon a.txt; mv a.txt new; install -o daemon -g daemon -m 600 new new2
install -d -o daemon -g root -m 2750 new
chown daemon d/x; find d -user daemon -exec chown root:daemon {} +
chown 12345 d/x; find d -nouser
stat -c '%U %G %u' a.txt
"""


def cases(table: str) -> list[str]:
    """Return the lines of a table; a line that ends with a backslash goes on."""
    return [
        line for line in table.strip().replace("\\\n", "\\\x00").split("\n") for line in [line.replace("\x00", "\n")]
    ]


LINES = [
    line
    for table in (SED, GREP, AWK, TEXT, FILE_COMMANDS, FIND, IDENTITY)
    for line in cases(table.replace("'one\ntwo'", "'one\x01two'"))
]


@pytest.mark.parametrize("line", [line.replace("\x01", "\n") for line in LINES])
def test_same_as_the_real_tools(line: str, tmp_path: Path) -> None:
    assert _comparable(ours(line)) == _comparable(real(line, tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("line", cases(ROOT))
def test_owners(line: str, tmp_path: Path) -> None:
    assert _comparable(ours(line)) == _comparable(real(line, tmp_path))


def _comparable(outcome: Outcome) -> tuple[list[str], bool, int, dict[str, str]]:
    return (
        outcome.stdout.decode("latin-1").split("\n"),
        bool(outcome.stderr),
        outcome.status,
        dict(outcome.files),
    )
