// SPDX-License-Identifier: Apache-2.0
import CZstd
import Synchronization

/// How the bytes of a chunk lie in the file: as they came, or as a zstd frame (RFC 8878) where that saves an eighth. A
/// chunk of a compressed body that is as long as its layout says is plain; a shorter one is a frame.
enum ChunkCoding {
    /// `bodies.encoding`
    static let plain: Int64 = 0
    static let zstd: Int64 = 1

    /// Below this a frame saves nothing that matters.
    private static let least = 256
    /// zstd's fastest but for those that skip the entropy coding; the next ones save 2 % more for twice the time.
    private static let level: Int32 = 1

    /// Nil when it does not pay.
    static func compressed(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        guard bytes.count >= least else { return nil }
        let room = bytes.count - bytes.count / 8
        let frame = [UInt8](unsafeUninitializedCapacity: room) { frame, count in
            let written = bytes.withUnsafeBytes { bytes in
                compressors.use {
                    ZSTD_compressCCtx($0, frame.baseAddress, room, bytes.baseAddress, bytes.count, level)
                }
            }
            // Also when it has not enough room.
            count = ZSTD_isError(written) == 0 ? written : 0
        }
        return frame.isEmpty ? nil : frame
    }

    /// Exactly `size` bytes, whatever the frame says. `.damaged`
    static func decompressed(_ frame: UnsafeRawBufferPointer, size: Int) throws(StoreError) -> [UInt8] {
        guard size <= ChunkLayout.chunkBytes else { throw .damaged }
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
            let written = decompressors.use {
                ZSTD_decompressDCtx($0, bytes.baseAddress, size, frame.baseAddress, frame.count)
            }
            count = ZSTD_isError(written) == 0 ? written : 0
        }
        guard bytes.count == size else { throw .damaged }
        return bytes
    }

    /// A chunk whose body's row is lost: what it says it is.
    static func recovered(_ chunk: [UInt8]) -> [UInt8] {
        chunk.withUnsafeBytes { chunk in
            let size = ZSTD_getFrameContentSize(chunk.baseAddress, chunk.count)
            guard size <= UInt64(ChunkLayout.chunkBytes) else { return nil }
            return try? decompressed(chunk, size: Int(size))
        } ?? chunk
    }

    private static let compressors = Contexts(make: { ZSTD_createCCtx() }, free: { _ = ZSTD_freeCCtx($0) })
    private static let decompressors = Contexts(make: { ZSTD_createDCtx() }, free: { _ = ZSTD_freeDCtx($0) })
}

/// Work spaces of zstd, some hundred KiB each: making one takes longer than its use for a message. A few are kept.
private final class Contexts: Sendable {
    private static let kept = 4

    /// Sendable since it is either in use, by one, or idle.
    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let make: @Sendable () -> OpaquePointer?
    private let free: @Sendable (OpaquePointer) -> Void
    private let idle = Mutex<[Context]>([])

    init(make: @escaping @Sendable () -> OpaquePointer?, free: @escaping @Sendable (OpaquePointer) -> Void) {
        (self.make, self.free) = (make, free)
    }

    func use(_ body: (OpaquePointer) -> Int) -> Int {
        guard let context = idle.withLock({ $0.popLast() }) ?? make().map(Context.init) else {
            fatalError("no memory for zstd")
        }
        defer {
            let isKept = idle.withLock { idle in
                guard idle.count < Self.kept else { return false }
                idle.append(context)
                return true
            }
            if !isKept { free(context.pointer) }
        }
        return body(context.pointer)
    }
}
