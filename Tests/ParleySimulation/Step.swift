import Chance

/// What may happen next, and how often it does.
enum Step {
    case edit, keyed, create, delete, resolve, importing, undo, bundle
    case network, sync, connect, cut
    case crashClient, crashServer, failClient, failServer
    case backUpServer, restoreServer, backUp, restore, copy, clock, join, rebuild, tamper

    static let weights: [(Step, weight: Int)] = [
        (.edit, 220), (.keyed, 90), (.create, 30), (.delete, 60), (.resolve, 60), (.importing, 50),
        (.undo, 60), (.bundle, 35),
        (.network, 220), (.sync, 100), (.connect, 60), (.cut, 25), (.tamper, 12),
        (.crashClient, 20), (.crashServer, 12), (.failClient, 16), (.failServer, 14),
        (.backUpServer, 16), (.restoreServer, 14), (.backUp, 24), (.restore, 18), (.copy, 5),
        (.clock, 25), (.join, 3), (.rebuild, 3),
    ]
}

extension Run {
    func take(_ step: Step) throws {
        let replica = dice.pick(replicas)
        switch step {
        case .edit: try edit(replica)
        case .keyed: try editKeyed(replica)
        case .create: try create(replica)
        case .delete: try delete(replica)
        case .resolve: try resolve(replica)
        case .importing: try importFile(replica)
        case .network: try moveBytes()
        case .sync: try sync(replica)
        case .connect: try connect(replica)
        case .cut: cutSomewhere()
        case .crashClient: try crash(replica)
        case .crashServer: try crashServer()
        case .failClient: try failWrite(of: replica)
        case .failServer: try failWriteOfServer(with: replica)
        case .bundle: try carryBundle()
        case .undo: try undo(replica)
        case .backUpServer: try backUpServer()
        case .backUp: try backUp(replica)
        case .restore: try restore(replica)
        case .copy: try copy(replica)
        case .restoreServer: try restoreServer()
        case .clock: moveClock(of: replica)
        case .join: try join()
        case .rebuild: try rebuild(replica)
        case .tamper: tamper(replica)
        }
    }
}
