#!/usr/bin/env bash
# A hotel receptionist's first quarter of an hour with FluentPro, by curl alone.
#
#   make run                                   # in one terminal
#   bash docs/guide/first_conversation.sh      # in another
#
# Another server: bash docs/guide/first_conversation.sh http://host:port
set -euo pipefail
api="${1:-http://127.0.0.1:8080}/api/v2"

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
# The first string that stands under a name in the JSON on stdin.
first() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
# call METHOD PATH [BODY]: shows the answer and prints it; a status of 400 or more ends the script.
call() {
  local answer status=0
  answer=$(curl --silent --show-error --fail-with-body --request "$1" "$api$2" \
    ${token:+--header "authorization: Bearer $token"} \
    ${3+--header 'content-type: application/json' --data "$3"}) || status=$?
  printf '%s\n' "$answer" >&2
  printf '%s' "$answer"
  return "$status"
}

say "1. Sign up"
email="concierge-$RANDOM$RANDOM@example.com"
answer=$(call POST /auth/signup "{\"email\": \"$email\", \"password\": \"harbour view at dawn\",
  \"full_name\": \"陳大文\", \"accept_terms\": true}")
token=$(first access_token <<<"$answer")

say "2. Native language and industry"
call PUT /onboarding/native-language '{"language_id": "chinese_traditional"}' >/dev/null
call PUT /onboarding/industry '{"industry_id": "hotels_hospitality"}' >/dev/null

say "3. What is your job? The best match comes first"
answer=$(call POST /onboarding/roles:match '{"job_title": "Receptionist",
  "job_description": "I look after the front desk and check guests in"}')
role=$(first id <<<"$answer")
call PUT /onboarding/role "{\"role_id\": \"$role\"}" >/dev/null

say "4. With whom, and when?"
call PUT /onboarding/communication-partners '{"partner_ids": ["customers"]}' >/dev/null
call PUT /onboarding/communication-partners/customers/situations \
  '{"situation_ids": ["client_conversations", "phone_calls"]}' >/dev/null

say "5. Summary, and done"
call GET /onboarding/summary >/dev/null
call POST /onboarding:complete '{}' >/dev/null

say "6. A scenario made for that, and a conversation in it"
scenario=$(call GET '/scenarios?page_size=1' | first id)
conversation=$(call POST /conversations "{\"scenario_id\": \"$scenario\"}" | first id)

say "7. Two messages; the partner's words come as they are thought"
n=0
for text in "Good morning, and welcome! May I see your passport, please?" \
            "I am sorry, your room is not ready yet. We can keep your luggage for you."; do
  n=$((n + 1))
  printf '\n> %s\n' "$text" >&2
  curl --silent --show-error --fail-with-body --no-buffer "$api/conversations/$conversation/messages" \
    --header "authorization: Bearer $token" --header 'accept: text/event-stream' \
    --header 'content-type: application/json' --data "{\"client_message_id\": \"m-$n\", \"text\": \"$text\"}"
done

say "8. What was said, and the end"
call GET "/conversations/$conversation/turns" >/dev/null
call POST "/conversations/$conversation:end" '{}' >/dev/null
say "That was it. The same by gRPC: docs/guide/first_conversation_grpc.sh"
