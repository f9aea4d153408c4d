#!/bin/sh
# The shop, by hand.
BASE=https://shop.example.com
API_TOKEN=tok_3f9a8b7c6d5e

# Place an order.
curl -sSf -X POST "$BASE/v1/orders?dry_run=false" \
  -H 'Content-Type: application/json' \
  -H "Authorization: Bearer $API_TOKEN" \
  --max-time 2.5 \
  -d '{"customer": "Zoë", "note": "costs ${5} \"net\"", "lines": [{"sku": "tea", "qty": 2, "price": 59.980}], "password": "correct-horse"}'

curl "$BASE/v1/search" -G --data-urlencode 'q=tea & mugs' -d page=2 --compressed -kL | jq '.items[0]'

curl -u alice:wonderland-7 -b 'session=0123456789abcdef; theme=dark' --data 'user=alice&remember=1' \
  --proxy http://proxy.local:3128 -o answer.json --fancy-flag https://accounts.example.com/login

curl -F 'photo=@cat.png;type=image/png' -F 'title=A cat' -F 'tags=a' -F 'tags=b' $BASE/v1/photos
curl -I https://user:s3cr3t-pass@cdn.example.com:8443/a/../b%20c/file.txt#top
curl --json '{"at": "'"$(date +%F)"'"}' $BASE/v1/events --next -X PURGE $BASE/cache -H 'Accept:' -H 'X-Empty;'
rm answer.json
