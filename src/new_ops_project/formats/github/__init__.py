"""The files below .github that GitHub acts on."""
