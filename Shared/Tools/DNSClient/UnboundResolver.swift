// SPDX-License-Identifier: Apache-2.0
import CUnbound

/// The DNS through libunbound: a validating resolver inside the process, with its own cache and its own thread.
/// `stop()`, or letting go of the object, ends the thread; queries then open end with a temporary failure.
package final class UnboundResolver: Resolver {
    private let engine: UnboundEngine

    /// - Throws: `UnboundError` for an option, anchor file or forward address that libunbound refuses.
    package init(_ configuration: UnboundConfiguration) throws {
        engine = try UnboundEngine(configuration)
        engine.start()
    }

    deinit { engine.stop() }

    package func stop() { engine.stop() }

    package func query(_ name: String, _ type: RecordType) async -> DNSAnswer<[UInt8]> {
        // A name that cannot be written on the wire does not exist.
        guard let text = RecordData.presentation(name) else { return .nxDomain(secure: false) }
        let query = UnboundQuery(engine: engine, name: text, type: type)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { engine.submit(query, $0) }
        } onCancel: {
            engine.abandon(query, "cancelled")
        }
    }
}

/// One query on its way. Its changing parts belong to the engine and are touched under the engine's lock alone.
final class UnboundQuery: @unchecked Sendable {
    enum Stage { case new, waiting, running, over }

    let engine: UnboundEngine
    let name: String
    let type: RecordType
    var stage = Stage.new
    var continuation: CheckedContinuation<DNSAnswer<[UInt8]>, Never>?
    var deadline = ContinuousClock.now
    var id: Int32 = 0

    init(engine: UnboundEngine, name: String, type: RecordType) {
        (self.engine, self.name, self.type) = (engine, name, type)
    }
}

extension DNSAnswer where Record == [UInt8] {
    /// Bogus is looked at first: libunbound hands out the data all the same.
    init(_ error: Int32, _ result: UnsafeMutablePointer<ub_result>?) {
        guard error == 0, let answer = result?.pointee else {
            self = .temporaryFailure(String(cString: ub_strerror(error)))
            return
        }
        let secure = answer.secure != 0
        if answer.bogus != 0 {
            self = .bogus(answer.why_bogus.map { String(cString: $0) } ?? "DNSSEC validation failed")
        } else if answer.nxdomain != 0 {
            self = .nxDomain(secure: secure)
        } else if answer.rcode != 0 {
            self = .temporaryFailure("response code \(answer.rcode)")
        } else if answer.havedata != 0, let data = answer.data, let lengths = answer.len {
            var records: [[UInt8]] = []
            var index = 0
            while records.count < 1000, let record = data[index] {
                records.append(Array(UnsafeRawBufferPointer(start: record, count: Int(max(0, lengths[index])))))
                index += 1
            }
            self = .found(records, secure: secure)
        } else {
            self = .noData(secure: secure)
        }
    }
}
