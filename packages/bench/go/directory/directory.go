// Package directory makes the users and events that every peer serves: src/service/data.ts in Go.
package directory

import (
	"fmt"

	"github.com/golang/protobuf/ptypes/timestamp"

	"callwirebench/gen/users"
)

// UserCount is how many users the directory has.
const UserCount = 1000

const epochMs = 1700000000000

// UserID is the id of one user.
func UserID(index int) string {
	return fmt.Sprintf("5f3c9d1e-7a2b-4c8d-9e0f-%012d", index)
}

// Timestamp is a time given in milliseconds.
func Timestamp(ms int64) *timestamp.Timestamp {
	return &timestamp.Timestamp{Seconds: ms / 1000, Nanos: int32(ms%1000) * 1000000}
}

// UserAt makes one user.
func UserAt(index int) *users.User {
	return &users.User{
		Id:         UserID(index),
		Name:       fmt.Sprintf("Alice Example %d", index),
		Email:      fmt.Sprintf("alice%d@example.com", index),
		Age:        int32(30 + index%40),
		Department: users.Department_ENGINEERING,
		Roles:      []string{"admin", "editor"},
		CreatedAt:  Timestamp(epochMs + int64(index)),
	}
}

// NewUserAt makes a request to create a user.
func NewUserAt(index int) *users.CreateUserRequest {
	user := UserAt(index)
	return &users.CreateUserRequest{
		Name:       user.Name,
		Email:      user.Email,
		Age:        user.Age,
		Department: user.Department,
		Roles:      user.Roles,
		RequestId:  user.Id,
	}
}

// EventAt makes one event of the past.
func EventAt(index int) *users.UserEvent {
	return &users.UserEvent{
		EventType:   "updated",
		User:        UserAt(index),
		ResumeToken: fmt.Sprint(index),
		EventTime:   Timestamp(epochMs + int64(index)),
	}
}

// Blob makes bytes to send.
func Blob(size int) []byte {
	bytes := make([]byte, size)
	for index := range bytes {
		bytes[index] = byte(index * 31)
	}
	return bytes
}

// Check tells what is wrong with an answer.
func Check(user *users.User, index int) error {
	expected := UserAt(index)
	if user.Id == expected.Id && user.Name == expected.Name && user.Email == expected.Email &&
		user.Age == expected.Age && len(user.Roles) == 2 {
		return nil
	}
	return fmt.Errorf("wrong answer for user %d: %v", index, user)
}
