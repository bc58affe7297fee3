"""Which disks are fuller than LIMIT per cent. Usage: disk_report.py [LIMIT [JSON]]"""
import json
import sys

if len(sys.argv) > 3:
    print(f"usage: {sys.argv[0]} [LIMIT [JSON]]", file=sys.stderr)
    sys.exit(2)
limit = int(sys.argv[1]) if len(sys.argv) > 1 else 90
path = sys.argv[2] if len(sys.argv) > 2 else "disks.json"
try:
    disks = json.load(open(path))
except OSError as error:
    sys.exit(f"cannot read {path}: {error.strerror}")

full = [disk for disk in disks if 100 * disk["used"] / disk["size"] > limit]
for disk in sorted(full, key=lambda disk: disk["mount"]):
    print("%-12s %3d%%" % (disk["mount"], 100 * disk["used"] / disk["size"]))
print(len(full), "of", len(disks), "over", limit, "%", file=sys.stderr)
if full:
    sys.exit(1)
