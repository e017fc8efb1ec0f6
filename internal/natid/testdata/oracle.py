# Reads lines "module<tab>number" and says what python-stdnum thinks: valid, birth date, sex.
import importlib
import sys

for line in sys.stdin:
    name, number = line.rstrip("\n").split("\t")
    module = importlib.import_module("stdnum." + name)
    valid, birth, sex = module.is_valid(number), "", ""
    if valid and hasattr(module, "get_birth_date"):
        try:
            birth = module.get_birth_date(number).isoformat()
        except Exception:
            pass
    if valid and hasattr(module, "get_gender"):
        try:
            sex = module.get_gender(number)
        except Exception:
            pass
    print(int(valid), birth, sex, sep="\t")
