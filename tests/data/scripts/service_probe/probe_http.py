def judge(probe, limit):
    if probe.get("status", 200) >= 500:
        return "down"
    return "ok" if probe["seconds"] <= limit else "slow"
