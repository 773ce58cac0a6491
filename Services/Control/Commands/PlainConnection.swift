// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One blocking TCP connection for a question of health; 3 s for each step.
final class PlainConnection {
    private static let lineBytes = 4_096
    private let descriptor: Int32

    init(host: String, port: UInt16) throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else { throw Failure("\(host): \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var failure = ECONNREFUSED
        for address in sequence(first: list, next: { $0.pointee.ai_next }).prefix(8) {
            let descriptor = socket(address.pointee.ai_family, hints.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { continue }
            var wait = timeval(tv_sec: 3, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
            if connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                self.descriptor = descriptor
                return
            }
            failure = errno
            close(descriptor)
        }
        throw Failure("\(host):\(port): \(String(cString: strerror(failure)))")
    }

    deinit { close(descriptor) }

    func send(_ data: Data) throws {
        let sent = data.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == data.count else { throw Failure("the connection broke") }
    }

    /// The next line, without its end.
    func line() throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < Self.lineBytes {
            var byte: UInt8 = 0
            guard recv(descriptor, &byte, 1, 0) == 1 else { throw Failure("no answer within 3 s") }
            if byte == UInt8(ascii: "\n") { break }
            if byte != UInt8(ascii: "\r") { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
