"""Everything that starts, stops and looks at a running Throughline."""
