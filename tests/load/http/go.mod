module load/http

go 1.26.0
