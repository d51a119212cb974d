// A bot made with discordgo, behind Gatehouse: see docs/libraries/discordgo.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/bwmarrin/discordgo"
)

// docs: begin

// behind sends what is meant for Discord's REST to Gatehouse, which tells where the gateway is.
type behind struct{ gatehouse *url.URL }

func (b behind) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = b.gatehouse.Scheme, b.gatehouse.Host
	request.Host = b.gatehouse.Host
	return http.DefaultTransport.RoundTrip(request)
}

func open(token string, gatehouse *url.URL, shardID, shardCount int) (*discordgo.Session, error) {
	session, err := discordgo.New("Bot " + token)
	if err != nil {
		return nil, err
	}
	session.Client = &http.Client{Transport: behind{gatehouse}}
	session.ShardID, session.ShardCount = shardID, shardCount
	session.Identify.Intents = discordgo.IntentsAll
	return session, nil
}

// docs: end

type words map[string]any

var output sync.Mutex

func say(what string, about words) {
	about["is"] = what
	line, _ := json.Marshal(about)
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

func check(err error) bool {
	if err != nil {
		say("error", words{"error": err.Error()})
	}
	return err == nil
}

type voice struct{ Session, Token, Endpoint string }

// A bot has a session for each shard.
type bot struct {
	sessions []*discordgo.Session
	mutex    sync.Mutex
	voices   map[string]*voice
	members  map[string][]string
}

func main() {
	gatehouse, err := url.Parse(os.Getenv("GATEHOUSE"))
	if err != nil {
		panic(err)
	}
	it := &bot{voices: map[string]*voice{}, members: map[string][]string{}}
	var ready sync.WaitGroup
	for shardID, shardCount := 0, 1; shardID < shardCount; shardID++ {
		session, err := open(os.Getenv("TOKEN"), gatehouse, shardID, shardCount)
		if err != nil {
			panic(err)
		}
		if shardID == 0 {
			answer, err := session.GatewayBot()
			if err != nil {
				panic(err)
			}
			shardCount = answer.Shards
			session.ShardCount = shardCount
		}
		it.listen(session, &ready)
		if err := session.Open(); err != nil {
			panic(err)
		}
		it.sessions = append(it.sessions, session)
	}
	ready.Wait()
	say("ready", words{})
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var asked map[string]string
		if !check(json.Unmarshal(input.Bytes(), &asked)) {
			continue
		}
		it.obey(asked)
	}
	os.Exit(1)
}

func (it *bot) listen(session *discordgo.Session, ready *sync.WaitGroup) {
	var once sync.Once
	ready.Add(1)
	session.AddHandler(func(*discordgo.Session, *discordgo.Ready) { once.Do(ready.Done) })
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.MessageCreate) {
		say("message", words{"id": event.ID})
	})
	session.AddHandler(func(of *discordgo.Session, event *discordgo.VoiceStateUpdate) {
		if event.UserID == of.State.User.ID {
			it.heard(event.GuildID, func(voice *voice) { voice.Session = event.SessionID })
		}
	})
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.VoiceServerUpdate) {
		it.heard(event.GuildID, func(voice *voice) {
			voice.Token, voice.Endpoint = event.Token, event.Endpoint
		})
	})
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.GuildMembersChunk) {
		it.mutex.Lock()
		defer it.mutex.Unlock()
		for _, member := range event.Members {
			it.members[event.GuildID] = append(it.members[event.GuildID], member.User.ID)
		}
		if event.ChunkIndex == event.ChunkCount-1 {
			say("members", words{"ids": it.members[event.GuildID]})
		}
	})
}

func (it *bot) heard(guildID string, change func(*voice)) {
	it.mutex.Lock()
	defer it.mutex.Unlock()
	found, isAsked := it.voices[guildID]
	if !isAsked {
		return
	}
	change(found)
	if found.Session != "" && found.Token != "" {
		say("voice", words{
			"session": found.Session, "token": found.Token, "endpoint": found.Endpoint,
		})
		delete(it.voices, guildID)
	}
}

func (it *bot) obey(asked map[string]string) {
	switch asked["do"] {
	case "guilds":
		it.tell()
	case "say":
		message, err := it.sessions[0].ChannelMessageSend(asked["channel"], asked["content"])
		if check(err) {
			say("said", words{"id": message.ID})
		}
	case "members":
		it.mutex.Lock()
		delete(it.members, asked["guild"])
		it.mutex.Unlock()
		check(it.of(asked["guild"]).RequestGuildMembers(asked["guild"], "", 0, "", false))
	case "voice":
		it.mutex.Lock()
		it.voices[asked["guild"]] = &voice{}
		it.mutex.Unlock()
		session := it.of(asked["guild"])
		check(session.ChannelVoiceJoinManual(asked["guild"], asked["channel"], false, false))
	case "stop":
		for _, session := range it.sessions {
			check(session.Close())
		}
		os.Exit(0)
	case "die":
		os.Exit(1)
	}
}

// of gives the session whose shard a guild is on.
func (it *bot) of(guildID string) *discordgo.Session {
	for _, session := range it.sessions {
		if _, err := session.State.Guild(guildID); err == nil {
			return session
		}
	}
	return it.sessions[0]
}

func (it *bot) tell() {
	guilds := []words{}
	for _, session := range it.sessions {
		session.State.RLock()
		for _, guild := range session.State.Guilds {
			if guild.Unavailable {
				continue
			}
			channels, roles, members := []string{}, []string{}, []string{}
			for _, channel := range guild.Channels {
				channels = append(channels, channel.ID)
			}
			for _, role := range guild.Roles {
				roles = append(roles, role.ID)
			}
			for _, member := range guild.Members {
				members = append(members, member.User.ID)
			}
			guilds = append(guilds, words{
				"id": guild.ID, "name": guild.Name,
				"channels": channels, "roles": roles, "members": members,
			})
		}
		session.State.RUnlock()
	}
	say("guilds", words{"guilds": guilds})
}
