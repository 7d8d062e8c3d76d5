"""Ship templates, carriers and when a shipment is late; rules layer."""
