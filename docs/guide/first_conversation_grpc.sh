#!/usr/bin/env bash
# Sign up, start a role-play and read its stream by gRPC: buf curl learns the methods from the server's reflection.
#
#   make run                                        # in one terminal
#   bash docs/guide/first_conversation_grpc.sh      # in another; buf is in .venv/bin
set -euo pipefail
address="${1:-http://127.0.0.1:50051}"
PATH="$(dirname "$0")/../../.venv/bin:$PATH"

# The first string that stands under a name in the JSON on stdin.
first() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
# call METHOD BODY: shows the answer and prints it.
call() {
  local answer status=0
  answer=$(buf curl --protocol grpc --http2-prior-knowledge ${token:+--header "authorization: Bearer $token"} \
    --data "$2" "$address/fluentpro.v2.$1") || status=$?
  printf '%s\n' "$answer" >&2
  printf '%s' "$answer"
  return "$status"
}

email="concierge-$RANDOM$RANDOM@example.com"
answer=$(call AuthService/SignUp "{\"email\": \"$email\", \"password\": \"harbour view at dawn\",
  \"full_name\": \"Ana Souza\", \"accept_terms\": true}")
token=$(first accessToken <<<"$answer")

call UserService/GetMe '{}' >/dev/null
scenario=$(call ScenarioService/ListScenarios '{"page_size": 1}' | first id)
conversation=$(call ConversationService/StartConversation "{\"scenario_id\": \"$scenario\"}" | first id)
answer=$(call ConversationService/SendMessage "{\"conversation_id\": \"$conversation\", \"client_message_id\": \"m-1\",
  \"text\": \"Good evening, how may I help you?\"}")

# Read on after an event one has seen, from any device:
generation=$(first generationId <<<"$answer")
cursor=$(first cursor <<<"$answer")
call ConversationService/ResumeReply "{\"generation_id\": \"$generation\", \"after\": \"$cursor\"}" >/dev/null
call ConversationService/EndConversation "{\"conversation_id\": \"$conversation\"}" >/dev/null
