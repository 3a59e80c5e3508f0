package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"time"

	// The driver `sqlite3` of database/sql.
	_ "github.com/mattn/go-sqlite3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"callwirebench/directory"
	"callwirebench/gen/users"
	"callwirebench/service"
)

const schema = `
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT, email TEXT UNIQUE COLLATE NOCASE, age INTEGER, department INTEGER,
  roles TEXT, created_at INTEGER) WITHOUT ROWID;
CREATE INDEX users_by_creation ON users (created_at, id);
CREATE TABLE requests (request_id TEXT PRIMARY KEY, user_id TEXT) WITHOUT ROWID;`

const columns = "id, name, email, age, department, roles, created_at"

// store keeps the users in SQLite, with the durability that the users service asks of it; watchers are told from memory.
type store struct {
	*service.Users
	database                         *sql.DB
	get, insert, request, saved, all *sql.Stmt
	count                            *sql.Stmt
}

func newStore(path string) *store {
	options := "?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate"
	database, err := sql.Open("sqlite3", "file:"+path+options)
	if err != nil {
		log.Fatal(err)
	}
	// One process on one core: more connections would wait for each other.
	database.SetMaxOpenConns(1)
	if _, err := database.Exec(schema); err != nil {
		log.Fatal(err)
	}
	prepare := func(text string) *sql.Stmt {
		statement, err := database.Prepare(text)
		if err != nil {
			log.Fatal(err)
		}
		return statement
	}
	s := &store{
		Users:    service.NewUsers(),
		database: database,
		get:      prepare("SELECT " + columns + " FROM users WHERE id = ?"),
		insert:   prepare("INSERT INTO users (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?)"),
		request:  prepare("SELECT user_id FROM requests WHERE request_id = ?"),
		saved:    prepare("INSERT INTO requests VALUES (?, ?)"),
		all:      prepare("SELECT " + columns + " FROM users ORDER BY created_at, id LIMIT ?"),
		count:    prepare("SELECT count(*) FROM users"),
	}
	s.seed()
	return s
}

func (s *store) seed() {
	transaction, err := s.database.Begin()
	if err != nil {
		log.Fatal(err)
	}
	for index := 0; index < directory.UserCount; index++ {
		if err := add(transaction.Stmt(s.insert), directory.UserAt(index)); err != nil {
			log.Fatal(err)
		}
	}
	if err := transaction.Commit(); err != nil {
		log.Fatal(err)
	}
}

func add(insert *sql.Stmt, user *users.User) error {
	roles, err := json.Marshal(user.Roles)
	if err != nil {
		return err
	}
	createdMs := user.CreatedAt.Seconds*1000 + int64(user.CreatedAt.Nanos)/1000000
	_, err = insert.Exec(user.Id, user.Name, user.Email, user.Age, user.Department, string(roles), createdMs)
	return err
}

// scan reads one user.
func scan(row interface{ Scan(...interface{}) error }) (*users.User, error) {
	var user users.User
	var roles []byte
	var createdMs int64
	err := row.Scan(&user.Id, &user.Name, &user.Email, &user.Age, &user.Department, &roles, &createdMs)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(roles, &user.Roles); err != nil {
		return nil, err
	}
	user.CreatedAt = directory.Timestamp(createdMs)
	return &user, nil
}

func (s *store) GetUser(_ context.Context, request *users.GetUserRequest) (*users.User, error) {
	user, err := scan(s.get.QueryRow(request.Id))
	if err == sql.ErrNoRows {
		return nil, status.Errorf(codes.NotFound, "There is no user %q", request.Id)
	}
	return user, err
}

func (s *store) CreateUser(_ context.Context, request *users.CreateUserRequest) (*users.User, error) {
	transaction, err := s.database.Begin()
	if err != nil {
		return nil, err
	}
	defer transaction.Rollback() // Does nothing after the commit.
	var id string
	switch err := transaction.Stmt(s.request).QueryRow(request.RequestId).Scan(&id); err {
	case sql.ErrNoRows:
	case nil:
		return scan(transaction.Stmt(s.get).QueryRow(id))
	default:
		return nil, err
	}
	user := &users.User{
		Id:         newUUID(),
		Name:       request.Name,
		Email:      request.Email,
		Age:        request.Age,
		Department: request.Department,
		Roles:      request.Roles,
		CreatedAt:  directory.Timestamp(time.Now().UnixMilli()),
	}
	if err := add(transaction.Stmt(s.insert), user); err != nil {
		return nil, status.Errorf(codes.AlreadyExists, "The email %q is taken", request.Email)
	}
	if _, err := transaction.Stmt(s.saved).Exec(request.RequestId, user.Id); err != nil {
		return nil, err
	}
	if err := transaction.Commit(); err != nil {
		return nil, err
	}
	s.Announce(user)
	return user, nil
}

func (s *store) ListUsers(
	_ context.Context, request *users.ListUsersRequest,
) (*users.ListUsersResponse, error) {
	rows, err := s.all.Query(request.PageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	page := &users.ListUsersResponse{}
	for rows.Next() {
		user, err := scan(rows)
		if err != nil {
			return nil, err
		}
		page.Users = append(page.Users, user)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return page, s.count.QueryRow().Scan(&page.TotalCount)
}

func newUUID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		log.Fatal(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
