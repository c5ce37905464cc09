"""What the docs page says above our own operations, in HTML."""

INTRO = """\
<section class="intro">
  <p>
    FluentPro helps people speak English at work. Every operation below can be tried on this page, against the server
    that it comes from.
  </p>
  <ol>
    <li>
      <a href="#/AuthService/AuthService_SignUp">Sign up</a>: “Try it out”, then “Execute”. Copy the
      <code>access_token</code> of the answer.
    </li>
    <li>
      Press <b>Authorize</b> and paste it, without “Bearer”. Operations with a lock now send it. It lives ten minutes;
      the page forgets it when it is reloaded.
    </li>
    <li>
      <a href="#/ScenarioService/ScenarioService_ListScenarios">Choose a scenario</a>,
      <a href="#/ConversationService/ConversationService_StartConversation">start a conversation</a>, and
      <a href="#/ConversationService/ConversationService_SendMessage">say something</a>: the reply shows event by event
      as it arrives, with the code that reads it.
    </li>
  </ol>
</section>
"""
