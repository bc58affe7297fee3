def judge(probe, limit):
    return "ok" if probe["seconds"] <= limit / 10 else "slow"
