package service

import (
	"context"
	"io"

	"callwirebench/directory"
	blobs "callwirebench/gen/blobs"
)

// Blobs sends bytes there and back.
type Blobs struct{}

func (*Blobs) Exchange(_ context.Context, request *blobs.ExchangeRequest) (*blobs.ExchangeResponse, error) {
	return &blobs.ExchangeResponse{Data: request.Data}, nil
}

func (*Blobs) Download(request *blobs.DownloadRequest, stream blobs.BlobService_DownloadServer) error {
	message := &blobs.DownloadResponse{Data: directory.Blob(int(request.Size))}
	for sent := int32(0); sent < request.Count; sent++ {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return nil
}

func (*Blobs) Upload(stream blobs.BlobService_UploadServer) error {
	var size int64
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&blobs.UploadResponse{Size: size})
		}
		if err != nil {
			return err
		}
		size += int64(len(part.Data))
	}
}
