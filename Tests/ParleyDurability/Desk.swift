internal import Foundation
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore
internal import ParleyTrust

/// An analyst's machine, its workspace while it runs, and what the analyst was told.
final class Desk {
    let name: String
    let power: Power
    private let clock: Clock
    private(set) var workspace: Workspace?
    let device: DeviceID
    /// The own chain's acts, up to the last write that was reported as done. The index is the number less 1.
    private(set) var written: [[UInt8]] = []
    /// The own chain is at the server up to this number, said the server.
    private(set) var acknowledged: UInt64 = 0

    init(_ name: String, _ power: Power, _ clock: Clock, _ workspace: Workspace) {
        (self.name, self.power, self.clock, self.workspace) = (name, power, clock, workspace)
        device = workspace.device
        // A workspace is looked for among the real files.
        _ = FileManager.default.createFile(atPath: power.folder + "/workspace.sqlite", contents: nil)
    }

    func start() throws {
        if workspace == nil { workspace = try Workspace(folder: power.folder, ambient: clock.ambient) }
    }

    func stop() { workspace = nil }

    /// A call that returned has been done: what the own chain holds now must never go.
    func confirm() throws {
        guard let workspace else { return }
        let acts = try workspace.store.read { try $0.log.acts(of: device) }
        written += acts.dropFirst(written.count)
    }

    /// The machine's files are again as they were kept, and so is what the analyst was told.
    func revert(toWritten number: Int, acknowledged: UInt64) {
        stop()
        power.revert()
        written.removeLast(written.count - number)
        self.acknowledged = acknowledged
    }

    func noteStored(through number: UInt64) { acknowledged = max(acknowledged, number) }
}

extension Log {
    /// A device's changesets by what stays of them when they are sealed anew, which happens to those that have not
    /// left when there is another key: their headers but for the epoch, with the size of what is sealed.
    func acts(of device: DeviceID) throws -> [[UInt8]] {
        var acts: [[UInt8]] = []
        try eachPlace(of: device, from: 1) { place in
            var header = place.header
            header.epoch = 0
            let size = try entry(at: place.position)?.bytes.count ?? 0
            let sealed = size - place.header.encoded(bodySize: 0).count
            acts.append(header.encoded(bodySize: max(0, sealed)))
        }
        return acts
    }
}
