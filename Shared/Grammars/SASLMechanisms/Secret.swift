// SPDX-License-Identifier: Apache-2.0

/// Bytes of a password, overwritten with zeros when the last reference goes.
///
/// Copies made by `withBytes` callers or by `text` are theirs to look after: keep them short-lived.
///
/// `@unchecked Sendable` proof: the memory is written in `init` and in `deinit` only; between the two it is read-only.
package final class Secret: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Copies `bytes`.
    package init(_ bytes: some Collection<UInt8>) {
        memory = .allocate(byteCount: bytes.count, alignment: 1)
        memory.copyBytes(from: bytes)
    }

    deinit {
        wipe(memory)
        memory.deallocate()
    }

    package var count: Int { memory.count }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }

    /// The secret as text; nil when it is not valid UTF-8.
    package var text: String? {
        String(validating: memory, as: UTF8.self)
    }
}

/// Writes zeros in a way that the optimizer keeps: the function is opaque to its callers and reads back what it wrote.
@inline(never)
@discardableResult
func wipe(_ memory: UnsafeMutableRawBufferPointer) -> UInt8 {
    var seen: UInt8 = 0
    for index in memory.indices {
        memory[index] = 0
        seen |= memory[index]
    }
    return seen
}

/// Overwrites an array's bytes with zeros in place (when the array is uniquely held).
package func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { _ = wipe($0) }
}

/// Whether bytes are UTF-8; makes no text of them, which nobody could wipe.
package func isText(_ bytes: ArraySlice<UInt8>) -> Bool { (try? UTF8Span(validating: bytes.span)) != nil }
