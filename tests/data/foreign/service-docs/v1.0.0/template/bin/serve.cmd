@echo off
rem Serve the documents on this machine
setlocal
cd /d "%~dp0.."
mkdocs serve --strict
