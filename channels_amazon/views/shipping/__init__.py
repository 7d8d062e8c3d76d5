"""Pages of shipments, parcels, ship templates and what is late; views layer."""
