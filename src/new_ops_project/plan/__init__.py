"""How a change to a project is computed as a Plan, shown, written or undone."""
