"""What the figures were measured on, without names of hosts or paths."""

import os
import platform
import subprocess


def describe():
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(), "memory_gb": memory_gb(),
            "compiler": first_line(["cc", "--version"]), "load_average_before": round(os.getloadavg()[0], 2),
            "commit": first_line(["git", "rev-parse", "--short=12", "HEAD"]),
            "changed_files": len(run(["git", "status", "--porcelain", "--", "src"]).splitlines())}


def cpu_model():
    """Guests often hide the name of the model; family and model tell generations apart."""
    facts = {}
    with open("/proc/cpuinfo", encoding="utf-8") as text:
        for line in text:
            name, _, value = line.partition(":")
            facts.setdefault(name.strip(), value.strip())
    return f"{facts.get('model name', 'unknown')}, family {facts.get('cpu family')}, model {facts.get('model')}"


def memory_gb():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def first_line(command):
    return (run(command).splitlines() or [""])[0]


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
